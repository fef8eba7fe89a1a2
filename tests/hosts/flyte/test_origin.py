"""Which task of which execution asks, as far as an output prefix tells."""

from types import SimpleNamespace

from ringmain.hosts.flyte.inside.origin import origin_of

ID = SimpleNamespace(project="flytesnacks", domain="development", name="chats.chat", version="v1")
PREFIX = "s3://bucket/metadata/propeller/flytesnacks-development-f3a9-x/n0-0-dn1/data/2"


def test_execution_node_and_attempt_are_read_from_propellers_prefix() -> None:
    origin = origin_of(ID, PREFIX)
    assert (origin.execution, origin.node, origin.attempt) == ("f3a9-x", "n0-0-dn1", "2")
    assert origin.place == "flytesnacks/development"
    assert origin.sentence == "Asked by Flyte: task chats.chat, execution f3a9-x, node n0-0-dn1, attempt 2."


def test_another_prefix_or_none_tells_nothing_and_hurts_nobody() -> None:
    assert origin_of(ID, "/var/flyte/raw").execution == ""
    assert origin_of(None, "").headers(b"") == {}
    assert origin_of(None, "").place == "flyte"


def test_a_call_that_is_made_again_has_the_same_name_and_another_attempt_has_not() -> None:
    first, again = origin_of(ID, PREFIX).headers(b"asked"), origin_of(ID, PREFIX).headers(b"asked")
    later = origin_of(ID, PREFIX[:-1] + "3").headers(b"asked")
    assert first["idempotency-key"] == again["idempotency-key"] != later["idempotency-key"]
    assert first["idempotency-key"] != origin_of(ID, PREFIX).headers(b"other")["idempotency-key"]


def test_what_is_told_fits_into_a_header() -> None:
    odd = SimpleNamespace(project="pröject\r\nx-evil: 1", domain="d", name="n" * 900, version="v")
    told = origin_of(odd, PREFIX).headers(b"")
    assert all(value.isascii() and value.isprintable() and len(value) <= 255 for value in told.values())
