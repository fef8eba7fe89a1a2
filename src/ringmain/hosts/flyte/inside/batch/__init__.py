"""OpenAI's Batch API: many rows at half the price, within a day.

What needs no flytekit is checked and tested without it; `connector`, `files`, `task` and `workflow` need it.
"""
