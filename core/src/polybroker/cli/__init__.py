"""The command line, `polybroker`."""

from polybroker.cli.root import main

__all__ = ["main"]
