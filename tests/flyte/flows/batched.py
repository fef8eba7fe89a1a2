"""A workflow author's file: batches of ours, and the same of the original plugin's."""

from flytekit import Secret
from flytekitplugins.openai import BatchEndpointTask as OriginalTask

from ringmain.hosts.flyte import BatchEndpointTask, create_batch

SECRET = Secret(group="openai", key="api_key")

PLAYS = ("complete", "expire", "invalid", "empty", "stumble", "forever", "expire_again", "refused", "swamped")
for play in PLAYS:
    words = "expire expire" if play == "expire_again" else play
    config = {"metadata": {"play": words}}
    globals()[f"batch_{play}"] = BatchEndpointTask(name=f"batch_{play}", config=config)

batch_elsewhere = BatchEndpointTask(name="batch_elsewhere", connection="closed")

batch_original = OriginalTask(name="batch_original", config={"metadata": {"play": "expire"}})

rows = create_batch(
    name="rows.v1",
    secret=SECRET,
    config={"metadata": {"play": "expire"}},
    body={"model": "gpt-4o-mini", "max_tokens": 150, "seed": 2**53 + 1},
)
