"""What this plugin says about itself."""

from __future__ import annotations

from typing import Final

from polybroker.model.broker_info import BrokerInfo, StatementKind
from polybroker.model.executions import Granularity

EXECUTIONS: Final = StatementKind(
    id="executions",
    title="Executions in a table",
    extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    granularity=Granularity.FILL,
    timezone="America/New_York",
    export_instructions=(
        "Write one row for each execution under a header with the columns Date, Time, Symbol, Side, Quantity, Price "
        "and Commission, or export such a table from your platform; `polybroker sample generic_csv` writes a template."
    ),
    sample="executions.csv",
    exact=False,
)

INFO: Final = BrokerInfo(
    id="generic_csv",
    title="Generic CSV and Excel",
    website="https://www.rfc-editor.org/rfc/rfc4180",
    aliases=("generic",),
    statement_kinds=(EXECUTIONS,),
)
