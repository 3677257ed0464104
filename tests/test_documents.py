"""What the documents say is true."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import polybroker

ROOT = Path(__file__).parent.parent
MADE = runpy.run_path(str(ROOT / "scripts" / "make_documents.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md"), ROOT / "core" / "README.md"]
)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


EXAMPLES = {"embed.py": 0, "trading.py": 1}


def test_the_embedding_example_runs_and_is_twelve_lines() -> None:
    code = blocks(README, "python")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("To Open") >= 10


def test_the_trading_example_runs_to_its_end() -> None:
    code = blocks(README, "python")[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" filled at ") == 2, "the entry and one of its exits"
    assert done.stdout.count(" canceled at None") == 1, "the other exit"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_readme_shows_the_shipped_examples(name: str) -> None:
    code = blocks(README, "python")[EXAMPLES[name]]
    shipped = (ROOT / "examples" / name).read_text(encoding="utf-8")
    body = shipped.split('"""', 2)[2].strip().replace("Path(__file__).parent", 'Path("examples")')
    assert body == code.strip()


@pytest.mark.parametrize("name", MADE["PAGES"])
def test_a_computed_document_is_fresh(name: str) -> None:
    shown = (ROOT / name).read_text(encoding="utf-8")
    assert shown == MADE["PAGES"][name](), "run scripts/make_documents.py"


def test_every_law_says_its_reason() -> None:
    assert "): None" not in MADE["laws_page"]()


def test_the_readme_has_two_commands_that_set_everything_up() -> None:
    commands = [block.strip() for block in blocks(README, "sh") if "nox" in block]
    assert [command.rsplit("/", 1)[1] for command in commands] == ["nox -s demo", "nox"]
    assert all(command.startswith("python3 -m venv .venv && ") and "\n" not in command for command in commands)


def test_there_is_an_example_for_every_broker_that_reads_files() -> None:
    readers = {broker.id for broker in polybroker.brokers().values() if broker.offers("parse_statement")}
    ours = readers & {path.name for path in (ROOT / "plugins").iterdir()}
    assert ours <= {path.parent.name for path in ROOT.glob("examples/*/*")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("path", sorted(ROOT.glob("plugins/[!_]*")), ids=lambda path: path.name)
def test_every_plugin_has_its_readme_and_changelog(path: Path) -> None:
    assert len((path / "README.md").read_text(encoding="utf-8")) > 1000
    assert (path / "CHANGELOG.md").is_file()
