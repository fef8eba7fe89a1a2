"""What runs in Flyte: the task that an author writes, and the connector that answers it."""
