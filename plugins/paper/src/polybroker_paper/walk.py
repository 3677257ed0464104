"""A random walk that can be asked for any moment, in any order, and always says the same.

The walk's sum over a long stretch is drawn first, then how much of it falls into each half, and so on down to
single steps. So the value at a step needs only the draws above it, about forty, and depends on nothing else but the
seed. All draws are integers: every machine gets the same prices.
"""

from __future__ import annotations

from hashlib import blake2b
from math import isqrt
from typing import Final

from attrs import define, field

LEVELS: Final = 40
"""The walk has 2 to the power of this many steps, then begins again."""
FINE: Final = 8
"""Binary places that the walk has below one tick."""


@define(eq=False)
class Walk:
    """A walk from 0, with steps of about `spread` (in ticks divided by 2 to the power of `FINE`)."""

    key: bytes
    spread: int
    _path: list[tuple[int, int]] = field(init=False)
    """For each level of the step asked last: the sum over its stretch, and the walk's value where that begins."""
    _last: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        whole = self._draw(LEVELS, 1) * isqrt((self.spread**2) << LEVELS) // 4
        self._path = [(0, 0)] * LEVELS + [(whole, 0)]
        self._descend(0, LEVELS)

    def value(self, step: int) -> int:
        """The value after `step` steps (0 or more), in fine units; 0 at the start."""
        step %= 1 << LEVELS
        self._descend(step, (step ^ self._last).bit_length())
        self._last = step
        return self._path[0][1]

    def _descend(self, step: int, from_level: int) -> None:
        """Follow the halves down to `step` from the level above which the path is known."""
        for level in range(from_level, 0, -1):
            total, value = self._path[level]
            noise = self._draw(level, step >> level) * isqrt((self.spread**2) << level) // 8
            left = total // 2 + noise
            if step >> (level - 1) & 1:
                self._path[level - 1] = (total - left, value + left)
            else:
                self._path[level - 1] = (left, value)

    def _draw(self, level: int, place: int) -> int:
        """A number between -32 and 32, 0 in the mean, with a standard deviation of 4."""
        digest = blake2b(place.to_bytes(8) + bytes((level,)), digest_size=8, key=self.key).digest()
        return int.from_bytes(digest).bit_count() - 32


def folded(value: int, low: int, high: int) -> int:
    """`value` as it is between `low` and `high`, reflected at both where it runs beyond."""
    span = high - low
    place = (value - low) % (2 * span)
    return low + min(place, 2 * span - place)
