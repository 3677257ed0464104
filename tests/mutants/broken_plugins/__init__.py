"""The mutants: the reference plugin with one thing broken, each with the law that has to notice."""

from broken_plugins.commissions import COMMISSIONS
from broken_plugins.damage import DAMAGE
from broken_plugins.identity import IDENTITY
from broken_plugins.mutant import Mutant
from broken_plugins.reading import READING
from broken_plugins.symbols import SYMBOLS
from broken_plugins.variants import VARIANTS

__all__ = ["MUTANTS", "Mutant"]

MUTANTS = (*IDENTITY, *SYMBOLS, *READING, *VARIANTS, *DAMAGE, *COMMISSIONS)
