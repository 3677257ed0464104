"""Makes the reference plugin and the list of mutants importable, as an installed plugin would be."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
