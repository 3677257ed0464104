"""Tables for people, and files that are written whole or not at all."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybroker.cli.files import write_whole
from polybroker.cli.run import Run
from polybroker.cli.visible import Column, draw, plain_table, visible, width


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@given(st.text(st.characters(), max_size=30))
def test_a_shown_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown == text


def test_escapes_tell_what_was_there() -> None:
    assert visible("a\x1b[2J\tb\x9bc\u202e\n\ud800") == "a\\x1b[2J\\tb\\x9bc\\u202e\\n\\ud800"


def test_a_plain_table_aligns_words_left_and_numbers_right() -> None:
    lines = list(plain_table([Column("name"), Column("price", numbers=True)], [("MES", "6050.25"), ("漢", "1")]))
    assert lines == ["name    price", "----  -------", "MES   6050.25", "漢          1"]


def test_wide_and_combining_letters_count_as_a_terminal_shows_them() -> None:
    assert [width(text) for text in ("abc", "漢字", "e\u0301")] == [3, 4, 1]


def test_a_piped_table_is_plain_whole_and_without_escapes() -> None:
    stream = io.StringIO()
    draw(Run(stream), [Column("n", numbers=True), Column("text")], [(n, "\x1b[31m[red]x") for n in range(1000)])
    text = stream.getvalue()
    assert len(text.splitlines()) == 1002
    assert "\x1b" not in text
    assert "\\x1b[31m[red]x" in text


def test_an_absent_value_is_a_dash() -> None:
    stream = io.StringIO()
    draw(Run(stream), [Column("n")], [(None,)], title="Totals")
    assert stream.getvalue().splitlines() == ["Totals", "n", "-", "-"]


def test_a_terminal_shows_the_beginning_and_the_end_of_a_long_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    draw(Run(stream), [Column("n", numbers=True)], [(f"row{n}",) for n in range(1000)])
    text = stream.getvalue()
    assert "row0" in text
    assert "row999" in text
    assert "row500" not in text
    assert "800 rows in the middle are not shown" in text


def test_a_narrow_terminal_leaves_columns_out_and_never_cuts_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    columns = [Column("contract"), Column("price", numbers=True), Column("broker", dispensable=1)]
    columns.append(Column("status [of]", dispensable=2))
    draw(Run(stream), columns, [("MESH5", "6050.1234567890", "amp_cqg", "To Open Long")])
    text = stream.getvalue()
    assert "6050.1234567890" in text
    assert "To Open Long" not in text
    assert "Too narrow for: status [of]." in text


# files


def fill(content: bytes) -> Any:
    return lambda stream: stream.write(content)


def half(stream: IO[bytes]) -> None:
    stream.write(b"half")
    raise ValueError("out of ink")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_whole(path, fill(b"one"))
    path.chmod(0o640)
    write_whole(path, fill(b"two"))
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_failure_leaves_everything_as_it_was(before: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(ValueError, match="out of ink"):
        write_whole(path, half)
    assert (path.read_bytes() if path.exists() else None) == before
    assert [entry.name for entry in tmp_path.iterdir()] == (["out.csv"] if before else [])


def test_a_failing_write_names_the_file_that_the_user_named(tmp_path: Path) -> None:
    def full(_: IO[bytes]) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left on device") as caught:
        write_whole(tmp_path / "out.csv", full)
    assert caught.value.filename == str(tmp_path / "out.csv")


def test_a_link_is_followed(tmp_path: Path) -> None:
    target = tmp_path / "target.csv"
    target.write_bytes(b"old")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    write_whole(link, fill(b"new"))
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_what_is_no_file_is_written_to_directly(tmp_path: Path) -> None:
    write_whole(Path("/dev/null"), fill(b"gone"))
    assert Path("/dev/null").is_char_device()
