"""What a pod fetches of batches, from a provider over real sockets."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from ringmain.hosts.flyte.inside.batch.fetching import fetched
from ringmain.hosts.flyte.inside.batch.joining import Joined, joined
from tests.flyte.batches import KEY, Batches, run_batches


@pytest.fixture(scope="module")
def provider() -> Iterator[Batches]:
    with run_batches() as running:
        yield running


def test_a_provider_may_name_one_file_for_answers_and_errors(provider: Batches, tmp_path: Path) -> None:
    asked = provider.upload("one", "two")
    told = provider.add(
        {"custom_id": "id-1", "response": None, "error": {"code": "bad", "message": "no"}},
        {"custom_id": "id-0", "response": {"status_code": 200, "body": {}}, "error": None},
    )
    batch = {"id": "batch_1", "input_file_id": asked, "output_file_id": told, "error_file_id": told}
    (tmp_path / "folder").mkdir()
    with OpenAI(base_url=provider.base_url, api_key=KEY) as openai:
        counted = joined(fetched(openai, batch, tmp_path / "folder"), tmp_path / "out", tmp_path / "err")
    assert counted == Joined(answered=1, others=1)
    assert json.loads((tmp_path / "out").read_text())["custom_id"] == "id-0"
    assert not list((tmp_path / "folder").iterdir())
