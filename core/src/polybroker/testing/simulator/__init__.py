"""The kit for simulated brokers: stateful servers that speak a broker's wire format, with and without sockets."""

from polybroker.testing.simulator.app import App, Reply, Request, SocketEndpoint, json_reply
from polybroker.testing.simulator.carriers import InProcess, on_loopback
from polybroker.testing.simulator.frames import FrameFault
from polybroker.testing.simulator.misfortune import DONE, Misfortune, Weather
from polybroker.testing.simulator.peers import Peer
from polybroker.testing.simulator.port import Received, Simulator

__all__ = [
    "DONE",
    "App",
    "FrameFault",
    "InProcess",
    "Misfortune",
    "Peer",
    "Received",
    "Reply",
    "Request",
    "Simulator",
    "SocketEndpoint",
    "Weather",
    "json_reply",
    "on_loopback",
]
