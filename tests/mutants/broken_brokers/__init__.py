"""The trading mutants: Bolt with one thing broken, each with the law that has to notice."""

from broken_brokers.accounts import ACCOUNT_LISTS
from broken_brokers.looking import CHANGING, LOOKING
from broken_brokers.mutant import BrokerMutant
from broken_brokers.placing import PLACING
from broken_brokers.sessions import LOGINS, SESSIONS
from broken_brokers.streams import LIMITS, MARKET_DATA, STREAMS
from broken_brokers.weather import WEATHER

__all__ = ["BROKER_MUTANTS", "BrokerMutant"]

BROKER_MUTANTS = (
    *SESSIONS,
    *LOGINS,
    *ACCOUNT_LISTS,
    *PLACING,
    *LOOKING,
    *CHANGING,
    *STREAMS,
    *MARKET_DATA,
    *LIMITS,
    *WEATHER,
)
