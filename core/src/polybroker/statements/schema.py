"""The columns of a statement, before and after normalization.

`DRAFT` is what a plugin hands over, `EXECUTIONS` what apps get. Both are polars frames, one row per
execution. Exact numbers are `EXACT` columns: 38 digits of which 18 are decimal places.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from polybroker.model.money import EXACT_DIGITS, EXACT_SCALE

EXACT: Final = pl.Decimal(EXACT_DIGITS, EXACT_SCALE)
UTC_TIME: Final = pl.Datetime("us", "UTC")
WALL_TIME: Final = pl.Datetime("us")

DRAFT: Final = pl.Schema(
    {
        "file": pl.UInt32(),  # index into the documents of the run
        "row": pl.UInt32(),  # 1-based row, as a spreadsheet or editor shows it
        "kind": pl.String(),  # id of the statement kind
        "execution_id": pl.String(),  # the broker's fill id; null: identity is made from the content
        "transaction_id": pl.String(),
        "order_id": pl.String(),
        "account": pl.String(),
        "timestamp": UTC_TIME,  # where the file states zone or offset, else null
        "local_time": WALL_TIME,  # wall clock as the file shows it; never null
        "timezone": pl.String(),  # zone of local_time where the file states it, else null
        "trading_day": pl.Date(),  # where the broker gives it, else null
        "sequence": pl.Int64(),  # ascending in time among rows of equal time of one file
        "raw_symbol": pl.String(),  # the file's text
        "symbol_key": pl.String(),  # what from_broker_symbol is asked; equals raw_symbol for most
        "side": pl.String(),  # buy, sell
        "quantity": EXACT,  # above 0
        "price": EXACT,
        "order_type": pl.String(),
        "currency": pl.String(),  # where the file gives it, else null: the instrument's
        "multiplier": EXACT,  # where the file gives it, else null: the instrument's
        "commission": EXACT,  # negative is a charge; null: the file has none
        "fees": EXACT,  # negative is a charge; null: the file has none
        "liquidity": pl.String(),  # maker, taker, null
        "granularity": pl.String(),  # fill, order, round_trip
    }
)

EXECUTIONS: Final = pl.Schema(
    {
        "execution_id": pl.String(),
        "transaction_id": pl.String(),
        "broker_id": pl.String(),
        "account": pl.String(),
        "order_id": pl.String(),
        "timestamp": UTC_TIME,
        "local_time": WALL_TIME,
        "timezone": pl.String(),
        "trading_day": pl.Date(),
        "sequence": pl.Int64(),
        "instrument_id": pl.String(),
        "symbol": pl.String(),
        "contract": pl.String(),
        "raw_symbol": pl.String(),
        "asset_class": pl.String(),
        "exchange": pl.String(),
        "expiration": pl.String(),
        "side": pl.String(),
        "quantity": EXACT,
        "price": EXACT,
        "order_type": pl.String(),
        "multiplier": EXACT,
        "currency": pl.String(),
        "commission": EXACT,
        "fees": EXACT,
        "commission_source": pl.String(),
        "liquidity": pl.String(),
        "position_effect": EXACT,
        "position_quantity": EXACT,
        "status": pl.String(),
        "granularity": pl.String(),
        "source_file": pl.String(),
        "source_row": pl.UInt32(),
        "parser_version": pl.String(),
    }
)

ROUND_TRIPS: Final = pl.Schema(
    {
        "account": pl.String(),
        "instrument_id": pl.String(),
        "symbol": pl.String(),
        "contract": pl.String(),
        "direction": pl.String(),  # long, short
        "quantity": EXACT,
        "entry_time": UTC_TIME,
        "exit_time": UTC_TIME,
        "entry_price": EXACT,  # an average (per position, average cost) is rounded half-even to 10 places
        "exit_price": EXACT,
        "gross_pnl": EXACT,  # null where the multiplier is unknown
        "fees": EXACT,  # commission and fees together; null where none is known
        "net_pnl": EXACT,
        "currency": pl.String(),
        "trading_day": pl.Date(),  # the exit's
        "entry_id": pl.String(),  # execution ids of the first entry and the last exit
        "exit_id": pl.String(),
    }
)

OPEN_POSITIONS: Final = pl.Schema(
    {
        "account": pl.String(),
        "instrument_id": pl.String(),
        "symbol": pl.String(),
        "contract": pl.String(),
        "quantity": EXACT,  # signed
        "average_price": EXACT,
        "currency": pl.String(),
    }
)
