"""The one-time link, the password, sessions: who gets in, and who does not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ringmain.errors import RingmainError
from ringmain.server.keeper import LIFE, Keeper
from ringmain.store.hostkeys import digest
from tests.hubs import Served, run_hub
from tests.server.visitor import PASSWORD, Visitor, link_of


@pytest.fixture
def hub() -> Iterator[Served]:
    """A hub without a password."""
    with run_hub() as hub:
        yield hub


@pytest.fixture
def admin(hub: Served) -> Visitor:
    """One who has set the password and is signed in."""
    visitor = Visitor(hub)
    assert visitor.set_password().status == 303
    return visitor


def later(hub: Served, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(hub.ring, "clock", lambda: time.time() + seconds)


# the one-time link


def test_the_link_sets_the_password_and_signs_in(hub: Served) -> None:
    visitor, link = Visitor(hub), link_of(hub)
    page = visitor.get(link)
    assert (page.status, "You sign in to this hub with it." in page.body.decode()) == (200, True)
    answered = visitor.post(link, password=PASSWORD, again=PASSWORD)
    assert (answered.status, answered.headers["location"]) == (303, "/new-connection")
    assert visitor.signed_in
    assert "Sign out" in visitor.get("/").body.decode()


def test_a_link_works_once_and_a_new_one_ends_it(hub: Served) -> None:
    one, two = link_of(hub), link_of(hub)
    assert Visitor(hub).post(one, password=PASSWORD, again=PASSWORD).status == 410
    assert Visitor(hub).post(two, password=PASSWORD, again=PASSWORD).status == 303
    for spent in (one, two, "/first/", "/first/%00", "/first/" + "x" * 5000):
        for answered in (Visitor(hub).get(spent), Visitor(hub).post(spent, password=PASSWORD, again=PASSWORD)):
            assert answered.status in (404, 410)
            assert "set-cookie" not in answered.headers
    told = Visitor(hub).get(two).body.decode()
    assert "was used, has expired or is not whole" in told
    assert "ringmain password" in told


def test_a_link_is_good_for_fifteen_minutes(hub: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_of(hub)
    later(hub, monkeypatch, 15 * 60 - 5)
    assert Visitor(hub).get(link).status == 200
    later(hub, monkeypatch, 15 * 60 + 1)
    assert Visitor(hub).get(link).status == 410
    assert Visitor(hub).post(link, password=PASSWORD, again=PASSWORD).status == 410
    assert hub.ring.store.password() is None


def test_of_two_who_use_one_link_at_once_one_gets_in_and_the_other_is_told(hub: Served) -> None:
    link, visitors = link_of(hub), [Visitor(hub) for _ in range(4)]
    words = [f"{PASSWORD} {number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda v, w: v.post(link, password=w, again=w).status, visitors, words))
    assert sorted(done) == [303, 410, 410, 410]
    assert [visitor.signed_in for visitor in visitors] == [status == 303 for status in done]
    assert Visitor(hub).sign_in(words[done.index(303)]).status == 303


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("short", "short", "fewer than 10"),
        ("", "", "fewer than 10"),
        (PASSWORD, PASSWORD.upper(), "not the same"),
        ("x" * 201, "x" * 201, "more than 200"),
    ],
)
def test_a_weak_password_is_refused_and_the_link_stays_good(hub: Served, password: str, again: str, told: str) -> None:
    link = link_of(hub)
    answered = Visitor(hub).post(link, password=password, again=again)
    assert (answered.status, told in answered.body.decode()) == (400, True)
    assert Visitor(hub).post(link, password=PASSWORD, again=PASSWORD).status == 303


def test_only_digests_and_a_slow_hash_lie_in_the_database(hub: Served, admin: Visitor) -> None:
    link = link_of(hub)
    data = b"".join(file.read_bytes() for file in hub.ring.settings.data.rglob("*") if file.is_file())
    for secret in (PASSWORD, link.rpartition("/")[2], admin.cookies["ringmain"]):
        assert secret.encode() not in data
    assert digest(admin.cookies["ringmain"]) in data
    assert (hub.ring.store.password() or "").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


# sign-in


def test_the_right_password_opens_a_session_and_a_wrong_one_does_not(hub: Served, admin: Visitor) -> None:
    visitor = Visitor(hub)
    for wrong in ("", PASSWORD[:-1], PASSWORD.upper()):
        refused = visitor.sign_in(wrong)
        assert (refused.status, visitor.cookies) == (401, {})
        assert "That is not the password." in refused.body.decode()
        assert not visitor.signed_in
    assert visitor.sign_in().status == 303
    assert visitor.signed_in
    assert visitor.get("/sign-in").status == 303


def test_one_password_in_two_spellings_of_unicode_is_one(hub: Served) -> None:
    assert Visitor(hub).set_password("Käse und Brötchen").status == 303
    assert Visitor(hub).sign_in("Ka\u0308se und Bro\u0308tchen").status == 303


def test_without_a_password_nobody_signs_in(hub: Served) -> None:
    told = Visitor(hub).get("/sign-in").body.decode()
    assert "No password is set yet." in told
    for guess in ("", "admin", "None"):
        assert Visitor(hub).sign_in(guess).status == 401


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(hub: Served, admin: Visitor) -> None:
    cookie = Visitor(hub).sign_in().headers["set-cookie"].lower()
    assert cookie.startswith("ringmain=")
    for part in ("httponly", "samesite=lax", "path=/", "max-age=43200"):
        assert f"; {part}" in cookie
    assert "secure" not in cookie
    assert "domain" not in cookie


def test_behind_https_the_cookie_is_bound_to_the_host_and_never_leaves_in_clear() -> None:
    public = "https://ai.example.org/"
    with run_hub(public_url=public) as hub:
        visitor = Visitor(hub)
        words = {"password": PASSWORD, "again": PASSWORD}
        cookie = visitor.post(link_of(hub), origin="https://ai.example.org", **words).headers["set-cookie"]
        assert cookie.startswith("__Host-ringmain=")
        assert "; Secure" in cookie
        assert visitor.signed_in
        plain = {"ringmain": visitor.cookies["__Host-ringmain"]}
        assert not Visitor(hub, cookies=plain).signed_in


def test_a_cookie_from_before_sign_in_is_worth_nothing_after_it(hub: Served, admin: Visitor) -> None:
    planted = {"ringmain": "planted-by-somebody"}
    victim = Visitor(hub, cookies=planted)
    assert victim.sign_in().status == 303
    assert victim.cookies != planted
    assert not Visitor(hub, cookies=planted).signed_in
    before = dict(victim.cookies)
    assert victim.sign_in().status == 303
    assert victim.signed_in
    assert not Visitor(hub, cookies=before).signed_in


def test_a_session_lasts_twelve_hours(hub: Served, admin: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    later(hub, monkeypatch, LIFE - 5)
    assert admin.signed_in
    later(hub, monkeypatch, LIFE + 1)
    assert not admin.signed_in


def test_sign_out_ends_this_session_and_no_other(hub: Served, admin: Visitor) -> None:
    other, kept = Visitor(hub), dict(admin.cookies)
    other.sign_in()
    answered = admin.post("/sign-out")
    assert (answered.status, answered.headers["location"], admin.cookies) == (303, "/sign-in", {})
    assert not Visitor(hub, cookies=kept).signed_in
    assert other.signed_in
    assert Visitor(hub).post("/sign-out").status == 303


def test_a_new_password_signs_everybody_out(hub: Served, admin: Visitor) -> None:
    other = Visitor(hub)
    assert other.set_password("another password").status == 303
    assert (admin.signed_in, other.signed_in) == (False, True)
    assert Visitor(hub).sign_in(PASSWORD).status == 401
    assert Visitor(hub).sign_in("another password").status == 303


def test_a_session_opens_no_host_address_and_no_cookie_stands_for_the_token(hub: Served, admin: Visitor) -> None:
    assert admin.get("/v1/models").status == 401
    session = admin.cookies["ringmain"]
    assert hub.call("GET", "/metrics", key=session).status == 401
    wrong = {"cookie": f"ringmain={session}"}
    assert hub.call("GET", "/metrics", key="wrong", headers=wrong).status == 401
    for cookie in ("ringmain=", "ringmain", f"other={session}"):
        assert hub.call("GET", "/metrics", key="", headers={"cookie": cookie}).status == 401


# what an attacker tries


def test_five_tries_a_minute_and_then_even_the_right_password_waits(
    hub: Served, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        assert Visitor(hub).sign_in("a wrong password").status == 401
    refused = Visitor(hub).sign_in()
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    later(hub, monkeypatch, 61)
    assert Visitor(hub).sign_in().status == 303


def test_parallel_tries_are_counted_before_they_are_hashed(hub: Served, admin: Visitor) -> None:
    with ThreadPoolExecutor(12) as pool:
        done = list(pool.map(lambda _: Visitor(hub).sign_in("a wrong password").status, range(12)))
    assert sorted(done) == [401] * 5 + [429] * 7


def test_a_form_of_another_site_changes_nothing(hub: Served, admin: Visitor) -> None:
    link = link_of(hub)
    for path in ("/sign-in", "/sign-out", link):
        for origin in ("https://evil.example", "null", hub.url.replace("http:", "https:"), f"{hub.url}.evil.example"):
            answered = admin.post(path, origin=origin, password=PASSWORD, again=PASSWORD)
            assert answered.status == 403
    assert admin.signed_in
    assert Visitor(hub).get(link).status == 200


def test_the_hub_is_reached_under_localhost_too(hub: Served, admin: Visitor) -> None:
    local = hub.url.replace("127.0.0.1", "localhost")
    assert Visitor(hub).post("/sign-in", origin=local, password=PASSWORD).status == 303


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"password": "canary correct horse"}', 415),
        ("text/plain", b"password=canary correct horse", 415),
        ("", b"password=canary+correct+horse", 415),
        ("application/x-www-form-urlencoded", b"password=" + b"x" * 9000, 413),
        ("application/x-www-form-urlencoded", b"\xff\xfe", 400),
        ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(200)), 400),
    ],
)
def test_what_is_no_form_of_ours_is_refused(hub: Served, admin: Visitor, kind: str, body: bytes, status: int) -> None:
    headers = {"origin": hub.url, "content-type": kind}
    assert hub.call("POST", "/sign-in", body, key="", headers=headers).status == status


def test_neither_password_nor_link_nor_session_is_told_anywhere(
    hub: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(0)
    admin, link = Visitor(hub), link_of(hub)
    admin.post(link, password=PASSWORD, again="other")
    admin.post(link, password=PASSWORD, again=PASSWORD)
    secrets = [PASSWORD, PASSWORD.replace(" ", "+"), link.rpartition("/")[2], admin.cookies["ringmain"]]
    told = [admin.get(path).body for path in ("/", "/index.json", "/metrics", "/sign-in", "/ready")]
    told += [Visitor(hub).sign_in(f"{PASSWORD}!").body, Visitor(hub).post(link, password=PASSWORD, again="").body]

    async def broken(*_: object) -> None:
        raise RuntimeError("broken")

    for method in ("check_link", "sign_in", "set_password"):
        monkeypatch.setattr(Keeper, method, broken)
    told += [Visitor(hub).get(link).body, Visitor(hub).set_password().body, Visitor(hub).sign_in().body]
    assert [b"failed in a way" in body for body in told[-3:]] == [True] * 3
    assert "/first/{token}" in caplog.text
    everything = b"".join(told).decode() + caplog.text + "".join(capfd.readouterr())
    assert [secret for secret in secrets if secret in everything] == []


async def test_no_more_than_two_hashes_run_at_a_time_and_a_crowd_is_refused() -> None:
    import asyncio
    import threading

    from argon2 import PasswordHasher

    from ringmain.server.passwords import QUEUE, Passwords

    class Watched(PasswordHasher):
        running, most, lock = 0, 0, threading.Lock()

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            with self.lock:
                self.running += 1
                self.most = max(self.most, self.running)
            try:
                return super().verify(hash, password)
            finally:
                with self.lock:
                    self.running -= 1

    hasher = Watched(time_cost=1, memory_cost=8192, parallelism=1)
    passwords = Passwords(hasher)
    hashed = await passwords.hash(PASSWORD)
    tries = [passwords.right(PASSWORD, hashed) for _ in range(QUEUE + 10)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert hasher.most == 2
    assert done.count(True) == QUEUE + 2
    refused = [error for error in done if isinstance(error, RingmainError)]
    assert {error.code for error in refused} == {"hub_overloaded"}
    assert len(refused) == 8
