"""What `polybroker new-plugin` writes is whole and passes its own tests; `nox -s template` tries the contract on it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from polybroker.baking import broker_id, renamed, template_folder
from polybroker.cli import main


def installed_in(site: Path, package: Path) -> dict[str, str]:
    """An environment in which the package counts as installed: its sources, and what an installer notes of it."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.3\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(package / "src")])}


def run(environment: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new")
    done = CliRunner().invoke(main, ["new-plugin", "Blue-Sky".lower(), "--directory", str(folder)])
    assert done.exit_code == 0, done.output
    return folder / "polybroker-blue-sky"


def test_a_new_package_passes_its_own_tests(package: Path, tmp_path: Path) -> None:
    done = run(installed_in(tmp_path, package), package, "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_new_package_speaks_of_its_own_broker_only(package: Path) -> None:
    for path in package.rglob("*"):
        assert "template" not in path.name.lower()
        if path.is_file() and "__pycache__" not in path.parts:
            assert "template" not in path.read_text(encoding="utf-8").lower(), path
    assert (package / "tests" / "test_blue_sky_trading.py").is_file()
    assert 'title="Blue Sky"' in (package / "src" / "polybroker_blue_sky" / "facts.py").read_text()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    there = tmp_path / "polybroker-acme"
    there.mkdir()
    done = CliRunner().invoke(main, ["new-plugin", "acme", "--directory", str(tmp_path)])
    assert done.exit_code == 2
    assert "nothing was written" in done.output
    assert list(tmp_path.iterdir()) == [there]
    assert list(there.iterdir()) == []


@pytest.mark.parametrize("name", ["", "9lives", "Acme", "a b", "a__b", "a_", "ácme", "../x", "all", "x" * 31])
def test_a_bad_name_is_refused_in_words(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"characters|broker"):
        broker_id(name)
    done = CliRunner().invoke(main, ["new-plugin", "--directory", str(tmp_path), "--", name])
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["blue-sky", "blue_sky", "polybroker-blue-sky"])
def test_names_are_forgiving_about_dashes_and_the_prefix(name: str) -> None:
    assert broker_id(name) == "blue_sky"


def test_every_kind_of_name_is_renamed() -> None:
    text = "polybroker-template polybroker_template https://template.example.com Template template/1"
    wanted = "polybroker-blue-sky polybroker_blue_sky https://blue-sky.example.com Blue Sky blue_sky/1"
    assert renamed(text, "blue_sky") == wanted


def test_the_template_is_found() -> None:
    assert (template_folder() / "src" / "polybroker_template" / "__init__.py").is_file()
