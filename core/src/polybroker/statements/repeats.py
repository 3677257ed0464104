"""Executions that occur more than once: twins of one file, the same one in several files, and contradictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polybroker.statements.identity import ContentHash

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@frozen(eq=False)
class Repeats:
    """What becomes of repeated executions, by their places in the frame."""

    gone: Mask
    """For each execution whether another one stands for it."""
    spoilt: Mask
    """For each execution whether its row is contradicting."""
    twins: Places
    """Those that stay and have twins before them in their file, and how many."""
    ordinals: Places
    contradicting: Places
    """Fills that use the id of an earlier one of their file for something else, and that earlier one."""
    contradicted: Places
    changed: Places
    """Fills that an earlier file of the same kind tells with other content."""


@frozen(eq=False)
class Executions:
    """The executions of some files as columns; `keys` tells accounts and identities apart."""

    keys: ContentHash
    made: Mask
    """Whether the key is made of the content: equal rows of one file are then twins, not one fill told twice."""
    ranks: Places
    """The rank of the file; of equal executions the one of the highest rank stays."""
    kinds: Places
    rows: Places
    """A number for each row of each file."""
    contents: Callable[[Places], ContentHash]
    """The content of the executions at these places."""


def repeats(all_: Executions) -> Repeats:
    """Of each identity the largest number that any one file has stays, from the files of the highest rank."""
    places, groups = _repeated(all_)
    ranks, made = all_.ranks[places], all_.made[places]
    begins = _latest(_differs(groups) | _differs(ranks))
    ordinals = np.arange(len(places)) - begins
    content = _contents(all_, places, made)
    alike = (content[begins] == content).all(axis=1)
    wrong = ~made & (ordinals > 0) & ~alike
    spoilt = np.isin(all_.rows, all_.rows[places[wrong]])

    once = np.flatnonzero((made | (ordinals == 0)) & ~spoilt[places])
    slots = groups[once] * (int(ordinals.max(initial=0)) + 1) + ordinals[once]
    order = np.argsort(slots, kind="stable")
    last = once[order[np.append(np.diff(slots[order]) != 0, np.True_)]] if len(once) else once
    gone = np.zeros(len(spoilt), dtype=np.bool_)
    gone[places] = ~spoilt[places]
    gone[places[last]] = False
    twins = last[ordinals[last] > 0]
    return Repeats(
        gone=gone,
        spoilt=spoilt,
        twins=places[twins],
        ordinals=ordinals[twins],
        contradicting=places[wrong],
        contradicted=places[begins[wrong]],
        changed=_changed(groups[once], all_.kinds[places[once]], content[once], places[once], made[once]),
    )


def _repeated(all_: Executions) -> tuple[Places, Places]:
    """The places of executions whose key occurs more than once, by key, then rank, then place; and their groups."""
    by_rank = np.argsort(all_.ranks, kind="stable")
    order = by_rank[np.argsort(all_.keys.first[by_rank], kind="stable")]
    if (_differs(all_.keys.first[order]) != _starts(all_, order)).any():  # two keys share their first lane
        order = by_rank[np.lexsort((all_.keys.second[by_rank], all_.keys.first[by_rank]))]
    groups = np.cumsum(_starts(all_, order)) - 1
    several: Mask = np.bincount(groups)[groups] > 1
    return order[several], groups[several]


def _starts(all_: Executions, order: Places) -> Mask:
    return _differs(all_.keys.first[order]) | _differs(all_.keys.second[order])


def _contents(all_: Executions, places: Places, made: Mask) -> npt.NDArray[np.uint64]:
    content = np.stack([all_.keys.first[places], all_.keys.second[places]], axis=1)
    if not made.all():
        told = all_.contents(places[~made])
        content[~made] = np.stack([told.first, told.second], axis=1)
    return content


def _changed(groups: Places, kinds: Places, content: npt.NDArray[np.uint64], places: Places, made: Mask) -> Places:
    other = (content[1:] != content[:-1]).any(axis=1)
    changed: Mask = (groups[1:] == groups[:-1]) & (kinds[1:] == kinds[:-1]) & other & ~made[1:]
    return places[1:][changed]


def _differs(values: npt.NDArray[np.uint64] | Places) -> Mask:
    """Whether each value differs from the one before it; the first one does."""
    differs = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return differs


def _latest(starts: Mask) -> Places:
    """The place of the latest start at or before each place."""
    latest: Places = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
    return latest
