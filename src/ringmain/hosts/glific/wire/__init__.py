"""Translation between Glific and the hub."""
