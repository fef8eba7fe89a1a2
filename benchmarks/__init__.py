"""How fast the hub is, beside nginx on the same machine; nothing here passes or fails."""
