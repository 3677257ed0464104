"""What cannot be derived from the code: the broker's facts, each with its source."""

from __future__ import annotations

import string
from datetime import timedelta
from typing import Final

from polybroker.model.broker_info import BrokerInfo, ClientOrderIds, ConfigField, Environment, StatementKind
from polybroker.model.executions import Granularity

BROKER: Final = "template"

TRADES: Final = StatementKind(
    id="trades",
    title="Trade list",
    extensions=(".csv", ".xlsx"),
    granularity=Granularity.FILL,
    timezone="UTC",
    export_instructions="Log in to the website, open Reports, choose Trades and press Export.",
    sample="trades.csv",
)

DEMO: Final = Environment(
    name="demo",
    endpoints={
        "login": "https://login.demo.template.example.com",
        "rest": "https://api.demo.template.example.com",
        "stream": "wss://api.demo.template.example.com/stream",
    },
    hosts=("*.demo.template.example.com",),
)
LIVE: Final = Environment(
    name="live",
    endpoints={
        "login": "https://login.template.example.com",
        "rest": "https://api.template.example.com",
        "stream": "wss://api.template.example.com/stream",
    },
    hosts=("login.template.example.com", "api.template.example.com"),
    live=True,
)

INFO: Final = BrokerInfo(
    id=BROKER,
    title="Template",
    website="https://template.example.com",
    statement_kinds=(TRADES,),
    rates_page="https://template.example.com/rates",
    environments=(DEMO, LIVE),
    config_fields=(ConfigField(name="client_id", title="Client id of your registered app"),),
    client_order_ids=ClientOrderIds(charset=string.ascii_letters + string.digits + "-", max_length=36, idempotent=True),
    consistency_delay=timedelta(seconds=1),
    access_lifetime=timedelta(minutes=30),
    login_lifetime=timedelta(days=7),
    quote_delay=timedelta(0),
)
