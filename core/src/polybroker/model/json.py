"""Model records as JSON-ready data, and back.

Decimals are plain text without exponent or trailing zeros, times are UTC with six digits and `Z`, wall-clock times
have no suffix, dates are ISO, a contract month is `2025-03`, a span of time is its seconds as text, enums are their
values, and None is null. An instrument carries its `asset_class`, by which it is told from the others. Numbers in
`raw` fields (a broker's own answer) are left as they are; a `Secret` is refused.

Reading is strict: a text that should be a number's, a float where exact text is due, a naive time, a missing or an
unknown field are errors, and the message of each names its place (`rates[0].amount: ...`). For that the converter
collects all errors of a document (cattrs' detailed validation); it costs about half as much again as stopping at the
first one without a path, which does not matter where single records are read: tables travel as columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn
from cattrs.v import format_exception, transform_error

from polybroker.model.executions import WallTime
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.money import parse_decimal, plain_text
from polybroker.model.secret import Secret

T = TypeVar("T")

_CLASSES: Final[Mapping[AssetClass, type[Future | Option | Stock | Pair]]] = {
    AssetClass.FUTURE: Future,
    AssetClass.OPTION: Option,
    AssetClass.STOCK: Stock,
    AssetClass.CRYPTO: Pair,
    AssetClass.FOREX: Pair,
}
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_WALL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def to_json(obj: Any) -> Any:
    """`obj` (a record, or a list or mapping of records) as data that `json.dumps` takes."""
    return converter().unstructure(obj)


def from_json(data: Any, cls: type[T]) -> T:
    """The record of class `cls` that `to_json` made `data` of; `ValueError` names every place that is wrong."""
    try:
        return converter().structure(data, cls)
    except (ClassValidationError, IterableValidationError) as error:
        places = transform_error(error, path="$", format_exception=_explain)
        raise ValueError("; ".join(place.replace(" @ $", " at $") for place in places)) from None
    except (KeyError, TypeError) as error:
        raise ValueError(_explain(error, cls)) from None


@cache
def converter() -> Converter:
    """The cattrs converter behind `to_json` and `from_json`, for apps that add hooks for records of their own."""
    made = Converter(forbid_extra_keys=True, detailed_validation=True)
    for plain in (str, int, bool):
        made.register_structure_hook(plain, _exactly)
    made.register_structure_hook(float, _no_float)
    made.register_unstructure_hook(StrEnum, lambda member: member.value)
    made.register_structure_hook(StrEnum, lambda data, cls: cls(_text(data)))
    made.register_unstructure_hook(Decimal, plain_text)
    made.register_structure_hook(Decimal, lambda data, _: parse_decimal(_text(data)))
    made.register_unstructure_hook(ContractMonth, str)
    made.register_structure_hook(ContractMonth, lambda data, _: ContractMonth.parse(_text(data)))
    made.register_unstructure_hook(Secret, _no_secret)
    made.register_structure_hook(Secret, _no_secret)
    _register_times(made)
    _register_instruments(made)
    return made


def _register_times(made: Converter) -> None:
    made.register_unstructure_hook(date, date.isoformat)
    made.register_structure_hook(date, lambda data, _: date.fromisoformat(_shaped(data, _DATE, "a date")))
    made.register_unstructure_hook(datetime, _utc_text)
    made.register_structure_hook(datetime, _utc_time)
    made.register_unstructure_hook_func(_is_wall_time, _wall_text)
    made.register_structure_hook_func(_is_wall_time, _wall_time)
    made.register_unstructure_hook(timedelta, _seconds_text)
    made.register_structure_hook(timedelta, _seconds)


def _register_instruments(made: Converter) -> None:
    for tagged in (Future, Option, Stock):
        made.register_unstructure_hook(tagged, _tagged(make_dict_unstructure_fn(tagged, made)))
    for cls in set(_CLASSES.values()):
        made.register_structure_hook(cls, _untagged(make_dict_structure_fn(cls, made, _cattrs_forbid_extra_keys=True)))
    made.register_structure_hook_func(
        _is_instrument, lambda data, _: made.structure(data, _CLASSES[_asset_class(data)])
    )


def _tagged(write: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    return lambda instrument: {"asset_class": instrument.asset_class.value, **write(instrument)}


def _untagged(read: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda data, cls: read(_fields(data, cls), cls)


def _fields(data: Any, cls: type) -> Any:
    """The fields of an instrument, its tag checked."""
    if _CLASSES[_asset_class(data)] is not cls:
        raise ValueError(f"the asset_class {data['asset_class']} is not that of a {cls.__name__}")
    if cls is Pair:
        return data
    return {name: value for name, value in data.items() if name != "asset_class"}


def _asset_class(data: Any) -> AssetClass:
    if not isinstance(data, Mapping) or "asset_class" not in data:
        raise ValueError("an instrument is an object with an asset_class")
    return AssetClass(data["asset_class"])


def _is_instrument(cls: Any) -> bool:
    if get_origin(cls) not in (Union, UnionType):
        return False
    return set(get_args(cls)) - {NoneType} == set(get_args(Instrument)) and NoneType not in get_args(cls)


def _is_wall_time(cls: Any) -> bool:
    return bool(cls == WallTime)


def _utc_text(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError(f"{value} has no zone")
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _utc_time(data: Any, _: Any) -> datetime:
    return datetime.fromisoformat(_shaped(data, _UTC, "a UTC time with six digits and Z"))


def _wall_text(value: datetime) -> str:
    if value.tzinfo is not None:
        raise ValueError(f"{value} has a zone")
    return value.isoformat(timespec="microseconds")


def _wall_time(data: Any, _: Any) -> datetime:
    return datetime.fromisoformat(_shaped(data, _WALL, "a wall-clock time with six digits"))


def _seconds_text(value: timedelta) -> str:
    return plain_text(Decimal(value // timedelta(microseconds=1)).scaleb(-6))


def _seconds(data: Any, _: Any) -> timedelta:
    microseconds = parse_decimal(_text(data)).scaleb(6)
    if microseconds != int(microseconds):
        raise ValueError(f"{data} seconds are no whole microseconds")
    return timedelta(microseconds=int(microseconds))


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise ValueError(f"exact text is due, not {data!r}")
    return data


def _shaped(data: Any, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(_text(data)):
        raise ValueError(f"{data!r} is not {what}")
    return str(data)


def _exactly(data: Any, cls: type) -> Any:
    if type(data) is not cls:
        raise ValueError(f"{data!r} is not of type {cls.__name__}")
    return data


def _no_float(data: Any, _: Any) -> float:
    raise ValueError("no record holds floating point numbers")


def _no_secret(*_: Any) -> Any:
    raise TypeError("a secret never travels in JSON")


def _explain(error: BaseException, cls: type | None) -> str:
    if isinstance(error, KeyError):
        return f"the field {error.args[0]!r} is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"no such field: {', '.join(sorted(error.extra_fields))}"
    if isinstance(error, ValueError) and error.args:
        return str(error)
    return format_exception(error, cls)
