"""The book's page, its data and its CSV, as the admin meets them."""

import csv
import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.exchange.line import Entry, Line
from ringmain.exchange.model import Model
from tests.hubs import ADMIN, Served, run_hub
from tests.server.visitor import Visitor

ADDRESSES = ("/book", "/book.json", "/book.csv")


@pytest.fixture
def hub() -> Iterator[Served]:
    with run_hub(model="demo-1") as hub:
        yield hub


def carry(hub: Served, *lines: dict[str, Any]) -> None:
    plain = {"at": int(time.time() * 1000), "tool": "openai", "account_id": "a", "account": "shop", "status": "ok"}
    plain |= {"model": "m", "connection": "tested", "mode": "chat"}
    hub.ring.store.carry("p", [Entry(line=Line(id=f"x{n}", **(plain | more))) for n, more in enumerate(lines)])


def page(hub: Served, path: str = "/book") -> str:
    answered = hub.call("GET", path, key=ADMIN)
    assert answered.status == 200
    return answered.body.decode()


def test_an_empty_book_says_what_to_do_next(hub: Served) -> None:
    assert "Nothing has been asked yet." in page(hub)
    assert '<a href="/hosts">Give a host its key</a>' in page(hub)
    assert hub.call("GET", "/book.json", key=ADMIN).json["calls"] == []
    assert len(page(hub, "/book.csv").splitlines()) == 1


def test_an_ask_is_in_the_book_without_its_words(hub: Served) -> None:
    body = {"model": "demo-1", "messages": [{"role": "user", "content": "canary-words"}]}
    answer = hub.call("POST", "/v1/chat/completions", body).json["choices"][0]["message"]["content"]
    assert hub.lines()
    for path in ADDRESSES:
        told = page(hub, path)
        assert "my-app" in told
        for secret in ("canary-words", answer, hub.key, hub.key[-4:]):
            assert secret not in told


def test_an_unknown_price_is_called_so_and_a_failure_has_its_reason_in_plain_words(hub: Served) -> None:
    carry(hub, {}, {"status": "failed", "code": "upstream_auth"}, {"model": "<b>", "picodollars": 5 * 10**11})
    told = page(hub)
    assert "price unknown" in told
    assert "$0.5 and price unknown" in told
    assert told.count("The provider did not accept the connection&#39;s key.") == 2
    assert "&lt;b&gt;" in told
    assert "<b>" not in told
    data = hub.call("GET", "/book.json", key=ADMIN).json
    assert (data["today"]["asks"], data["today"]["cost"], data["today"]["price_unknown"]) == (3, "0.5", True)
    assert [(row["code"], row["asks"]) for row in data["failures"]] == [("upstream_auth", 1)]


def test_sound_stands_in_its_own_units_where_tokens_stand(hub: Served) -> None:
    heard = {"model": "ears", "mode": "transcription", "audio_milliseconds": 11_001, "picodollars": 10**9}
    carry(hub, heard, {"model": "voice", "mode": "speech", "characters": 340}, {"input_tokens": 7})
    told = page(hub)
    for shown in ("12 s", "340 chars", "7", "7 + 12 s + 340 chars"):
        assert f'<td class="n">{shown}</td>' in told
    data = hub.call("GET", "/book.json", key=ADMIN).json
    assert (data["today"]["audio_milliseconds"], data["today"]["characters"]) == (11_001, 340)
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(page(hub, "/book.csv")))}
    assert (rows["ears"]["audio_milliseconds"], rows["voice"]["characters"]) == ("11001", "340")


def test_a_period_is_chosen_by_a_link_and_no_other_is_made_up(hub: Served) -> None:
    hub.ring.clock = lambda: datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
    day = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp() * 1000)
    month = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)
    carry(hub, {"at": day}, {"at": day - 1}, {"at": month}, {"at": month - 1})
    for period, asks in (("today", 1), ("month", 3)):
        data = hub.call("GET", f"/book.json?period={period}", key=ADMIN).json
        assert [row["asks"] for row in data["hosts"]] == [asks]
        assert (data["today"]["asks"], data["month"]["asks"], len(data["calls"])) == (1, 3, 4)
        assert f'href="/book?period={period}" aria-current="true"' in page(hub, f"/book?period={period}")
        rows = list(csv.reader(io.StringIO(page(hub, f"/book.csv?period={period}"))))
        assert len(rows) == asks + 1
    for path in ADDRESSES:
        assert hub.call("GET", f"{path}?period=ever", key=ADMIN).status == 400


def test_a_model_that_ends_soon_is_named_with_its_hosts(hub: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    known = {"old": Model(id="old", retires=soon)}
    monkeypatch.setattr(hub.ring.catalogue, "model", lambda _, name: known.get(name, Model(id=name)))
    carry(hub, {"model": "old"}, {"model": "new"}, {"model": "old", "connection": "gone", "account": "other"})
    (told,) = hub.call("GET", "/book.json", key=ADMIN).json["retiring"]
    assert (told["model"], told["retires"], told["hosts"]) == ("old", soon, [{"tool": "openai", "account": "shop"}])
    assert f"retires on {soon}" in page(hub)


def test_the_csv_is_a_download_that_runs_nothing(hub: Served) -> None:
    carry(hub, {"model": "=HYPERLINK(1)"})
    answered = hub.call("GET", "/book.csv", key=ADMIN)
    assert answered.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answered.headers["content-disposition"]
    assert ",'=HYPERLINK(1)," in answered.body.decode()


def test_the_book_is_linked_for_the_admin_only(hub: Served) -> None:
    visitor = Visitor(hub)
    assert 'href="/book"' not in visitor.get("/").body.decode()
    visitor.set_password()
    assert 'href="/book"' in visitor.get("/").body.decode()
    assert 'href="/book" aria-current="page"' in visitor.get("/book").body.decode()
