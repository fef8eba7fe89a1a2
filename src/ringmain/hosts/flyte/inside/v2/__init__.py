"""What runs in tasks of Flyte 2."""
