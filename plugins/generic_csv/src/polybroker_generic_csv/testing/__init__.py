"""What the contract suite needs to try this plugin."""

from polybroker_generic_csv.testing.kit import testkit

__all__ = ["testkit"]
