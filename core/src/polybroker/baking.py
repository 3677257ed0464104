"""New plugin packages, made of the template that comes with the core."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from polybroker.plugin_checks import ID

_LONGEST: Final = 30
_LEFT_OUT: Final = re.compile(
    r"__pycache__|\.(pytest_cache|hypothesis|mypy_cache|ruff_cache)|.*\.(pyc|egg-info)|dist|build"
)


def broker_id(name: str) -> str:
    """The broker id that `name` stands for (`my-broker` is `my_broker`); `ValueError` says what is wrong with it."""
    wanted = name.strip().replace("-", "_").removeprefix("polybroker_")
    if not ID.fullmatch(wanted) or wanted.endswith("_") or "__" in wanted:
        raise ValueError(f"{name!r} is no broker id: small letters, digits and single _ between them, a letter first")
    if len(wanted) > _LONGEST:
        raise ValueError(f"{name!r} is longer than {_LONGEST} characters")
    if wanted == "all":
        raise ValueError("'all' stands for every broker; choose another name")
    return wanted


def bake(broker: str, directory: Path) -> Path:
    """Write the package `polybroker-...` for a broker id into `directory`; its folder.

    All or nothing: written beside its place first. `FileExistsError` where the folder is there already.
    """
    folder = directory / f"polybroker-{broker.replace('_', '-')}"
    if os.path.lexists(folder):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    directory.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=directory))
    try:
        for source, place in _files(template_folder()):
            target = beside / renamed(str(place), broker)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(renamed(source.read_text(encoding="utf-8"), broker), encoding="utf-8", newline="\n")
        beside.chmod(0o755)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return folder


def template_folder() -> Path:
    """Where the template is: in the installed package, or in the repository that the core runs from."""
    package = Path(__file__).parent
    places = (package / "_template", package.parents[2] / "plugins" / "_template")
    for place in places:
        if (place / "pyproject.toml").is_file():
            return place
    raise FileNotFoundError(errno.ENOENT, "polybroker was installed without its template", str(places[0]))


def renamed(text: str, broker: str) -> str:
    """`text` of the template with the broker's names in place of the template's."""
    dashed, title = broker.replace("_", "-"), broker.replace("_", " ").title()
    for known, wanted in (
        ("polybroker-template", f"polybroker-{dashed}"),
        ("template.example", f"{dashed}.example"),
        ("Template", title),
        ("template", broker),
    ):
        text = text.replace(known, wanted)
    return text


def _files(template: Path) -> Iterator[tuple[Path, Path]]:
    for folder, folders, names in os.walk(template):
        folders[:] = sorted(name for name in folders if not _LEFT_OUT.fullmatch(name))
        for name in sorted(names):
            if not _LEFT_OUT.fullmatch(name):
                source = Path(folder) / name
                yield source, source.relative_to(template)
