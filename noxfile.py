"""The sessions of the workspace. Distributions are found by their place, never named here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["lint", "tests"]
nox.options.reuse_venv = "yes"

ROOT = Path(__file__).parent
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/[!_]*/pyproject.toml"))
APPS = sorted(path.parent for path in ROOT.glob("apps/*/pyproject.toml"))
DISTRIBUTIONS = [ROOT / "core", *PLUGINS, *APPS]
EXAMPLES = sorted(path for path in ROOT.glob("examples/*/*") if path.suffix in {".csv", ".xlsx"})

CHECKED = ["core/src", *(f"{path.relative_to(ROOT)}/src" for path in [*PLUGINS, *APPS]), "benchmarks", "scripts"]
TEST_TOOLS = ["pytest>=8.3", "pytest-xdist>=3.6", "hypothesis>=6.120", "openpyxl>=3.1.5"]


def install(session: nox.Session, *more: str, extras: str = "statements") -> None:
    """Install every distribution of the workspace, in one call so that pip takes the local ones."""
    core, *others = [str(path) for path in DISTRIBUTIONS]
    session.install(f"{core}[{extras}]", *others, *more)


@nox.session
def demo(session: nox.Session) -> None:
    """The main job, on one shipped export file for each broker."""
    install(session, extras="statements,net")
    session.run("polybroker", "brokers")
    for path in EXAMPLES:
        for command in ("convert", "trades"):
            print(f"\n$ polybroker {command} {path.relative_to(ROOT)}", flush=True)
            session.run("polybroker", command, str(path), silent=False)
    for name in ("embed.py", "trading.py"):
        print(f"\n$ python examples/{name}", flush=True)
        session.run("python", f"examples/{name}")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, the contract suite over every plugin, and the suite's own mutants."""
    install(session, *TEST_TOOLS, extras="statements,testing")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("pytest", "-n", "auto", "-q")
    session.run("pytest", "-n", "auto", "-q", "--pyargs", "polybroker.testing.contract", "--polybroker", "all")


@nox.session
def schedules(session: nox.Session) -> None:
    """20,000 seeded schedules of faults (or as many as is said): no order doubled, none lost, every unknown visible."""
    install(session, *TEST_TOOLS, extras="statements,testing")
    count = session.posargs[0] if session.posargs else "20000"
    test = "core/tests/orders/test_fault_schedules.py"
    session.run("pytest", "-n", "auto", "-q", "-rP", test, env={"POLYBROKER_SCHEDULES": count})


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, types."""
    install(session, "ruff>=0.9", "mypy>=1.14", *TEST_TOOLS, "nox", extras="statements,testing")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    sources = os.pathsep.join(str(path / "src") for path in DISTRIBUTIONS)
    session.run("mypy", *CHECKED, "noxfile.py", env={"MYPYPATH": sources})


@nox.session
def explore(session: nox.Session) -> None:
    """The contract suite with random search and many examples; the report says what falsified what."""
    install(session, *TEST_TOOLS, extras="statements,testing")
    session.run(
        "pytest",
        *("-n", "auto", "-q", "--pyargs", "polybroker.testing.contract", "--polybroker", "all", "--polybroker-explore"),
        *session.posargs,
    )


@nox.session
def bench(session: nox.Session) -> None:
    """What is measured, as ratios against named peers in one run."""
    install(
        session,
        "pandas>=2.2",
        "openpyxl>=3.1.5",
        "fastexcel>=0.12",
        "xlsxwriter>=3.2",
        "aiohttp>=3.11",
        extras="statements,net",
    )
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def wheels(session: nox.Session) -> None:
    """Every distribution, built, installed from its wheel alone and checked by the contract suite."""
    folder = Path(session.create_tmp()) / "wheels"
    session.install("build", "hatchling")
    for path in DISTRIBUTIONS:
        session.run(
            "python", "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(path), silent=True
        )
    core = next(folder.glob("polybroker-[0-9]*.whl"))
    others = [str(path) for path in folder.glob("*.whl") if path != core]
    session.install("--force-reinstall", f"{core}[statements,testing]", *others)
    session.install(*TEST_TOOLS)
    session.chdir(folder)
    session.run("polybroker", "brokers")
    session.run("pytest", "-n", "auto", "-q", "--pyargs", "polybroker.testing.contract", "--polybroker", "all")


@nox.session(reuse_venv=False)
def template(session: nox.Session) -> None:
    """A plugin as `new-plugin` writes it, in an environment of its own: its tests, its types, the contract."""
    session.install(f"{ROOT / 'core'}[statements,testing]", "mypy>=1.14")
    folder = Path(session.create_tmp()) / "baked"
    shutil.rmtree(folder, ignore_errors=True)
    session.run("polybroker", "new-plugin", "blue_sky", "--directory", str(folder))
    session.chdir(folder / "polybroker-blue-sky")
    session.install(".[testing]")
    session.run("pytest", "-q")
    session.run("mypy", "--strict", "src")
    session.run("polybroker", "verify", "blue_sky")


@nox.session
def calendar(session: nox.Session) -> None:
    """Generate the table of trading days anew."""
    install(session, "pandas_market_calendars>=5.1")
    session.run("python", "scripts/generate_trading_calendar.py")
