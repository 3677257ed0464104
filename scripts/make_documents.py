"""Writes what can be computed: the command line, the hooks, the laws, and the matrix in the README."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMANDS = ("brokers", "show", "check", "convert", "trades", "rates", "sample", "verify", "new-plugin")
HEAD = """# The command line

`polybroker COMMAND --help` prints these pages.

The exit status is 0 where all is done, 1 where a file is refused or rows have problems, and 2 for wrong usage or a
missing file. Under `--format json` (or `--json`) a refusal is printed as
`{"error": {"code", "message", "file", "row", "column"}}`.
"""

HOOKS_HEAD = """# The hooks

Computed from `polybroker/hookspecs.py`. A plugin implements any of them, whole groups where they are indivisible, and
accepts any subset of a hook's arguments, by name.
"""
LAWS_HEAD = """# The laws

Computed from `polybroker/testing/contract/`. [The contract suite](../contract-suite.md) says how to run them.
"""


def command_line_page() -> str:
    """The help of every command of the core."""
    pages = [HEAD]
    for command in COMMANDS:
        run = [sys.executable, "-m", "polybroker", command, "--help"]
        shown = subprocess.run(run, capture_output=True, text=True, check=True, env={"PYTHONUTF8": "1"}).stdout
        text = shown.replace("python -m polybroker", "polybroker").rstrip()
        pages.append(f"## {command}\n\n```\n{text}\n```\n")
    return "\n".join(pages)


def readme_with_matrix() -> str:
    """The README, with what the plugins of this workspace can do between its two marks."""
    import polybroker
    from polybroker.matrix import markdown

    ours = {path.name for path in (ROOT / "plugins").iterdir()}
    table = markdown([broker for broker in polybroker.brokers().values() if broker.id in ours])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = f"<!-- matrix -->\n{table}\n<!-- /matrix -->"
    return re.sub(r"<!-- matrix -->.*<!-- /matrix -->", lambda _: shown, readme, flags=re.DOTALL)


def hooks_page() -> str:
    """Every hook with its signature and documentation, by group."""
    from polybroker import hookspecs
    from polybroker.matrix import GROUPS

    pages = [HOOKS_HEAD]
    for group, hooks in GROUPS.items():
        pages.append(f"## {group.capitalize()}\n")
        for hook in hooks:
            function = getattr(hookspecs, hook)
            colour = "async def" if inspect.iscoroutinefunction(function) else "def"
            signature = str(inspect.signature(function)).replace("'", "")
            text = inspect.getdoc(function)
            pages.append(f"### {hook}\n\n```python\n{colour} {hook}{signature}\n```\n\n{text}\n")
    return "\n".join(pages)


def laws_page() -> str:
    """Every law with its reason, by the file that holds it."""
    pages = [LAWS_HEAD]
    for path in sorted((ROOT / "core" / "src" / "polybroker" / "testing" / "contract").glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        pages.append(f"## {path.stem.removeprefix('test_').replace('_', ' ').capitalize()}\n")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                name = node.name.removeprefix("test_").replace("_", " ")
                pages.append(f"**{name}** (`{node.name}`): {ast.get_docstring(node)}\n")
    return "\n".join(pages)


PAGES = {
    "docs/command-line.md": command_line_page,
    "docs/reference/hooks.md": hooks_page,
    "docs/reference/laws.md": laws_page,
    "README.md": readme_with_matrix,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
