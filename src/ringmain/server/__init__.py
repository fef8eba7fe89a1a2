"""The hub's door: the only place that knows the web framework."""
