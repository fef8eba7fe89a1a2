"""Twins of the tools that ask: what they do, with nothing of theirs in it."""
