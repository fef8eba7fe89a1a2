"""What the benchmark prints."""

import json

from benchmarks.table import Found, as_json, table

SERVERS = {"nginx": 10.0, "hub": 40.0, "litellm": 4_000.0, "mlflow": 400.0, "portkey": 800.0}


def found(servers: dict[str, float]) -> Found:
    told = Found()
    for name, figure in servers.items():
        told.keep(name, {"µs": figure})
        told.keep(name, {"µs": figure + 2})
    return told


def test_the_hub_alone_is_compared_with_nginx_and_every_peer_has_a_column() -> None:
    head, row = (line.split() for line in table(found(SERVERS)))
    assert head == ["hub", "low", "–", "high", "nginx", "×", "nginx", "litellm", "mlflow", "portkey"]
    assert row == ["µs", "41", "40", "–", "42", "11", "3.73", "4,001", "401", "801"]


def test_without_peers_there_is_no_column_for_them() -> None:
    head, row = table(found({"nginx": 10.0, "hub": 40.0}))
    assert head.split()[-1] == "nginx"
    assert len(head) == len(row) == 94


def test_three_peers_fit_on_a_wide_screen() -> None:
    assert max(map(len, table(found(SERVERS)))) < 140


def test_a_server_without_a_figure_has_a_dash_and_the_reason_stands_below_once() -> None:
    told = found(SERVERS)
    told.keep("hub", {"events/s": 5.0})
    told.lack("litellm, streamed events", "no figure, because no stream had an event")
    told.lack("litellm, streamed events", "no figure, because it was slow")
    *_, row, last = table(told)
    assert row.split() == ["events/s", "5", "–", "–", "–", "–", "–"]
    assert last == "litellm, streamed events: no figure, because no stream had an event"


def test_where_nothing_could_be_measured_only_the_reason_is_told() -> None:
    told = Found()
    told.lack("all of it", "skipped, because it takes two processor cores")
    assert list(table(told)) == ["all of it: skipped, because it takes two processor cores"]


def test_json_carries_every_round_of_every_server() -> None:
    told = found(SERVERS)
    told.lack("wrk", "skipped, because it is not installed")
    read = json.loads(as_json(told))
    assert read["measures"]["µs"].pop("ratio") == 41 / 11
    assert read["measures"]["µs"] == {name: [figure, figure + 2] for name, figure in SERVERS.items()}
    assert read["missing"] == ["wrk: skipped, because it is not installed"]
