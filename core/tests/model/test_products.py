from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from polybroker.ledger.trading_day import TRADING_DAY_GROUPS
from polybroker.model.currencies import ISO_CURRENCIES
from polybroker.model.products import PRODUCTS, Product, product, read_products, unambiguous
from polybroker.model.stock_tickers import TICKERS_OF_ROOTS

ROWS = list(PRODUCTS.values())
HEADER = "root,exchange,title,tick_size,tick_value,multiplier,currency,group,last_month,source"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.root)
def test_a_tick_times_the_multiplier_is_the_value_of_a_tick(row: Product) -> None:
    assert row.tick_size > 0
    assert row.tick_size * row.multiplier == row.tick_value


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.root)
def test_every_product_is_whole(row: Product) -> None:
    assert row.group in TRADING_DAY_GROUPS
    assert row.currency in ISO_CURRENCIES
    assert row.title.strip()
    assert row.root == row.root.upper()
    assert set(row.source.split("+")) <= {"page", "table", "broker", "known"}
    assert product(row.root) is row is product(row.root, row.exchange)
    assert row.future(None).multiplier == row.multiplier


@pytest.mark.parametrize(
    ("root", "price_move", "money"),
    [
        ("MES", "1", "5"),
        ("ZC", "0.25", "12.5"),  # cents a bushel
        ("ZL", "0.01", "6"),  # cents a pound
        ("ZM", "0.1", "10"),  # dollars a ton
        ("ZR", "0.005", "10"),  # dollars a hundredweight
        ("XK", "0.125", "1.25"),
        ("LE", "0.025", "10"),  # cents a pound
        ("DC", "0.01", "20"),
        ("6J", "0.0000005", "6.25"),  # dollars a yen
        ("J7", "0.000001", "6.25"),
        ("HG", "0.0005", "12.5"),  # dollars a pound
        ("SB", "0.01", "11.2"),  # cents a pound
        ("KC", "0.05", "18.75"),
        ("OJ", "0.05", "7.5"),
        ("CT", "0.01", "5"),
        ("ZT", "0.00390625", "7.8125"),
        ("TN", "0.015625", "15.625"),
        ("SIL", "0.005", "5"),
        ("MBT", "5", "0.5"),
        ("FDAX", "1", "25"),
        ("FSXE", "0.5", "0.5"),
    ],
)
def test_a_move_of_the_price_as_shown_is_worth(root: str, price_move: str, money: str) -> None:
    row = product(root)
    assert row is not None
    assert Decimal(price_move) * row.multiplier == Decimal(money)


def test_the_table_covers_what_traders_use() -> None:
    wanted = """
        ES MES NQ MNQ YM MYM RTY M2K EMD NKD CL QM MCL NG QG MNG HO RB BZ GC MGC SI SIL HG MHG PL PA QO QI QC BTC
        MBT ETH MET 6A 6B 6C 6E 6J 6M 6N 6S E7 J7 M6A M6B M6E MCD MJY MSF ZN ZB ZF ZT TN UB TWE SR3 ZQ GE ZC ZS ZW
        ZL ZM ZO ZR KE XK XC XW GF HE LE DC LB VX VXM DX CC KC CT SB OJ FDAX FDXM FDXS FESX FSXE FSTX FGBL FGBM FGBS
        FGBX BRN GAS T N Z R L Y NK NU TW JB ZG
    """
    assert set(wanted.split()) - PRODUCTS.keys() == set()


def test_a_row_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="CBOT:ZC"):
        read_products([HEADER, "ZC,CBOT,Corn,0.25,12.5,5000,USD,cme,,known"])


def test_a_root_of_two_exchanges_needs_the_exchange() -> None:
    rows = read_products(
        [HEADER, "# a remark", "A,X,a,1,1,1,USD,cme,,k", "A,Y,a,1,2,2,USD,cme,,k", "B,X,b,1,1,1,USD,cme,,k"]
    )
    assert list(unambiguous(rows)) == ["B"]


def test_an_unknown_root_is_no_product() -> None:
    assert product("NOSUCH") is None
    assert product("MES", "CBOT") is None
    assert product("mes") is None


def test_every_ticker_of_a_root_is_a_root() -> None:
    assert TICKERS_OF_ROOTS.keys() <= PRODUCTS.keys()
    assert all(len(root) > 1 for root in TICKERS_OF_ROOTS)


def test_importing_the_vocabulary_reads_no_table_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, polybroker.model.json, polybroker.model.symbols, polybroker.model.products as products;"
        "assert not products._by_name.cache_info().currsize;"
        "heavy = {'polars', 'numpy', 'httpx', 'hypothesis'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_module_without_that_name_says_so() -> None:
    import polybroker.model.products as module

    with pytest.raises(AttributeError, match="NOTHING"):
        module.NOTHING  # noqa: B018
