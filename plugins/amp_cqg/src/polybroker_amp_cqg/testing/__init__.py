"""What the contract suite needs to try this plugin."""

from polybroker_amp_cqg.testing.kit import testkit

__all__ = ["testkit"]
