"""The official client's own 135 endpoint tests as judge: of the hub, and of what stands behind it."""

from pathlib import Path

import pytest

from tests.judge.bare import serve_demo
from tests.judge.sdk import EXPECTED, MODELS, Result, run_sdk_tests

REFUSALS = Path(__file__).with_name("engine_refusals.txt").read_text().split()
"""The tests that the engine itself does not pass, with nothing of ours in front of it."""

pytestmark = pytest.mark.timeout(600)


def test_the_demo_provider_passes_all_135_by_itself():
    with serve_demo(MODELS) as base_url:
        assert run_sdk_tests(base_url, "sk-any") == Result(EXPECTED, [])


def test_the_engine_by_itself_refuses_exactly_what_is_listed(bare_engine_url):
    assert run_sdk_tests(bare_engine_url, "sk-any").failed == REFUSALS


def test_all_135_pass_with_the_demo_provider_behind(hub_url_and_key):
    assert run_sdk_tests(*hub_url_and_key("demo")) == Result(EXPECTED, [])


def test_with_the_real_engine_behind_exactly_its_own_refusals_are_missing(hub_url_and_key):
    assert run_sdk_tests(*hub_url_and_key("engine")).failed == REFUSALS
