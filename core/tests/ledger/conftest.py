"""Makes the modules beside the tests importable: the plain ledger and the fills that it is compared on."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
