"""The network: HTTP to every provider, straight or by a proxy, and the built-in demo for its own address."""

from ringmain.network.ways import Network

__all__ = ["Network"]
