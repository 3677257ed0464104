"""How hard the contract suite searches for counterexamples."""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

CONTRACT: Final = "polybroker"
"""The same examples in every run: a plugin passes or fails, it does not flicker."""
EXPLORE: Final = "polybroker-explore"
"""Random and longer; for the night."""

_PATIENT: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


def load(*, explore: bool = False) -> None:
    """Make one of the two profiles the current one; laws that are imported after that follow it."""
    settings.register_profile(
        CONTRACT,
        settings(derandomize=True, deadline=None, database=None, max_examples=25, suppress_health_check=_PATIENT),
    )
    settings.register_profile(
        EXPLORE,
        settings(derandomize=False, deadline=None, max_examples=400, print_blob=True, suppress_health_check=_PATIENT),
    )
    settings.load_profile(EXPLORE if explore else CONTRACT)
