"""US stocks and funds whose ticker is the root of a future too.

A file that names `CL` without a month can mean crude oil or a share of Colgate-Palmolive. The list is short on
purpose: names that a trader of either kind would stumble over, as listed in 2024 or 2025 (some left since).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TICKERS_OF_ROOTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BTC": "Grayscale Bitcoin Mini Trust",
        "BZ": "Kanzhun",
        "CB": "Chubb",
        "CC": "Chemours",
        "CL": "Colgate-Palmolive",
        "DC": "Dakota Gold",
        "DX": "Dynex Capital",
        "DY": "Dycom Industries",
        "EMD": "Western Asset Emerging Markets Debt Fund",
        "ES": "Eversource Energy",
        "ESG": "FlexShares STOXX US ESG Select Index Fund",
        "ETH": "Grayscale Ethereum Mini Trust",
        "GE": "GE Aerospace",
        "HE": "Hawaiian Electric",
        "HG": "Hamilton Insurance",
        "KC": "Kingsoft Cloud",
        "KE": "Kimball Electronics",
        "LB": "LandBridge",
        "LE": "Lands' End",
        "MBT": "Mobile TeleSystems, until 2022",
        "MCD": "McDonald's",
        "MET": "MetLife",
        "MGC": "Vanguard Mega Cap ETF",
        "NG": "NovaGold Resources",
        "NK": "NantKwest, until 2021",
        "NU": "Nu Holdings",
        "PAM": "Pampa Energia",
        "PL": "Planet Labs",
        "RS": "Reliance",
        "RY": "Royal Bank of Canada",
        "SB": "Safe Bulkers",
        "SI": "Silvergate Capital, until 2023",
        "SIL": "Global X Silver Miners ETF",
        "SOL": "Emeren, earlier ReneSola",
        "SP": "SP Plus, until 2024",
        "TW": "Tradeweb Markets",
        "ZG": "Zillow",
        "ZM": "Zoom",
        "ZS": "Zscaler",
    }
)
