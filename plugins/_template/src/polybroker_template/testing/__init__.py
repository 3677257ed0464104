"""What the contract suite needs to try this plugin: a testkit and a simulated broker."""

from polybroker_template.testing.kit import testkit
from polybroker_template.testing.simulator import SimulatedBroker

__all__ = ["SimulatedBroker", "testkit"]
