"""What the contract suite needs to try this plugin."""

from polybroker_paper.testing.kit import testkit

__all__ = ["testkit"]
