"""Repeated executions against a plain count of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.statements.identity import ContentHash
from polybroker.statements.repeats import Executions, repeats

Fill = tuple[int, int]
files = st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=8), min_size=1, max_size=4)


def lanes(keys: Sequence[Fill]) -> ContentHash:
    table = np.array(keys, dtype=np.uint64).reshape(-1, 2)
    return ContentHash(table[:, 0].copy(), table[:, 1].copy())


def executions(exports: Sequence[Sequence[Fill]], *, made: bool, contents: Sequence[int] = ()) -> Executions:
    count = sum(map(len, exports))
    told = np.array(contents or [0] * count, dtype=np.uint64)
    return Executions(
        keys=lanes([fill for export in exports for fill in export]),
        made=np.full(count, made),
        ranks=np.repeat(np.arange(len(exports)), [len(export) for export in exports]),
        kinds=np.zeros(count, dtype=np.int64),
        rows=np.arange(count),
        contents=lambda places: ContentHash(told[places], told[places]),
    )


@settings(deadline=None, max_examples=200)
@given(files)
def test_what_stays_is_the_largest_count_of_any_one_file(exports: list[list[Fill]]) -> None:
    # First lanes repeat with different second ones here, which a real hash hardly ever does.
    found = repeats(executions(exports, made=True))
    largest: Counter[Fill] = Counter()
    for export in exports:
        largest |= Counter(export)
    fills = [fill for export in exports for fill in export]
    assert Counter(fill for fill, gone in zip(fills, found.gone, strict=True) if not gone) == largest


@settings(deadline=None, max_examples=100)
@given(files)
def test_twins_that_stay_are_numbered_without_gaps(exports: list[list[Fill]]) -> None:
    found = repeats(executions(exports, made=True))
    fills = [fill for export in exports for fill in export]
    numbers = dict(zip(found.twins.tolist(), found.ordinals.tolist(), strict=True))
    stay = [place for place in range(len(fills)) if not found.gone[place]]
    for fill, count in Counter(fills[place] for place in stay).items():
        assert sorted(numbers.get(place, 0) for place in stay if fills[place] == fill) == list(range(count))


@settings(deadline=None, max_examples=100)
@given(files, st.data())
def test_a_fill_id_stays_once_and_contradictions_are_named(exports: list[list[Fill]], data: st.DataObject) -> None:
    fills = [fill for export in exports for fill in export]
    contents = data.draw(st.lists(st.integers(0, 1), min_size=len(fills), max_size=len(fills)))
    found = repeats(executions(exports, made=False, contents=contents))
    place = 0
    wrong = []
    for export in exports:
        first: dict[Fill, int] = {}
        for fill in export:
            if contents[place] != contents[first.setdefault(fill, place)]:
                wrong.append((place, first[fill]))
            place += 1
    assert sorted(zip(found.contradicting.tolist(), found.contradicted.tolist(), strict=True)) == wrong
    stay = [fill for place, fill in enumerate(fills) if not found.gone[place] and not found.spoilt[place]]
    assert Counter(stay) == Counter(set(fills))


def test_of_equal_fills_the_one_of_the_highest_rank_stays() -> None:
    found = repeats(executions([[(1, 1)], [(1, 1)], [(2, 2)]], made=False, contents=[5, 6, 7]))
    assert found.gone.tolist() == [True, False, False]
    assert found.changed.tolist() == [1]
