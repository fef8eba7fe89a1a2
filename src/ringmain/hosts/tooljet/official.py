"""The official OpenAI plugin, pointed at the hub: which models it knows."""

from importlib import resources

_NAMED = resources.files("ringmain.hosts.tooljet").joinpath("official.txt").read_text()

MODELS = tuple(line for line in _NAMED.splitlines() if line and not line.startswith("#"))
"""The names for chat and completion that its versions have built in; it takes no others."""
