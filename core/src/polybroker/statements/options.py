"""What the user says about files that the files do not say themselves."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from polybroker.model.instruments import AssetClass


class CommissionSign(StrEnum):
    """How a file writes a charge."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


@frozen(kw_only=True)
class ParseOptions:
    """Answers to the questions that a file leaves open; None leaves the decision to the file or the kind."""

    account: str | None = None
    """For rows of files that name no account."""
    timezone: str | None = None
    """IANA zone of wall-clock times; does not touch times that carry a zone or offset."""
    day_first: bool | None = None
    """Whether 01/02/2026 is 1 February."""
    decimal_comma: bool | None = None
    """Whether 1,234 is a number between 1 and 2."""
    commission_sign: CommissionSign | None = None
    asset_class: AssetClass | None = None
    """What a symbol is that could be a stock or a future (ES, CL)."""
    columns: Mapping[str, str] = field(factory=dict)
    """The file's column for a field of the kind: `{"price": "Fill Px"}`."""
