"""Writes what can be computed: `docs/command-line.md`, and the matrix in the README."""

from __future__ import annotations

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


if __name__ == "__main__":
    (ROOT / "docs" / "command-line.md").write_text(command_line_page(), encoding="utf-8")
    (ROOT / "README.md").write_text(readme_with_matrix(), encoding="utf-8")
