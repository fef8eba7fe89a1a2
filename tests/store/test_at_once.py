"""Several processes and threads on one database: nothing is granted twice and nothing is lost."""

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

from ringmain.store import Store, open_store

from .entries import entry
from .test_late import late

TAKER = """
    import sys
    from ringmain.store import open_store
    store = open_store(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    granted = 0
    for _ in range(60):
        granted += store.take(sys.argv[2], "a1", "money", "w", least=1, want=7, limit=500, now=0)
    print(granted)
    store.close()
"""


def test_two_processes_that_take_at_once_share_one_limit(database_url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(TAKER), database_url]
    takers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in "pq"
    ]
    for taker in takers:
        assert taker.stdout
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:
        assert taker.stdin
        taker.stdin.write("\n")
        taker.stdin.flush()
    granted = [int(taker.communicate()[0]) for taker in takers]
    assert sum(granted) == 500, granted
    assert min(granted) > 0, "the two did not run at once"


def test_threads_that_take_carry_and_renew_at_once_lose_nothing(store: Store) -> None:
    def work(number: int) -> int:
        process, granted = f"p{number % 3}", 0
        for step in range(15):
            granted += store.take(process, "a1", "money", "w", least=1, want=5, limit=300, now=step)
            shared = entry(f"shared-{step}", picodollars=1, window="v")
            store.carry(process, [shared, entry(f"{number}-{step}", picodollars=1, window="v")])
            store.renew(process, step)
        return granted

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(6))) == 300
    assert len(store.lines(1000)) == 6 * 15 + 15
    assert store.take("x", "a1", "money", "v", least=1, want=1000, limit=1000, now=0) == 1000 - 105


def test_processes_that_claim_late_answers_at_once_have_none_twice_and_lose_none(store: Store) -> None:
    """Some leave theirs behind, and each claim ends in the very moment in which all look."""
    done, same_moment = list[str](), threading.Barrier(6)

    def work(number: int) -> None:
        process = f"p{number}"
        for step in range(20):
            same_moment.wait(30)
            if number < 2:
                store.add_late(late(f"{number}-{step}"), process, until=step)
            for claimed in store.claim_late(process, now=step, until=step + 2):
                # Every third dies over it.
                if (step + number) % 3 and store.put_late(claimed, process, until=step + 2):
                    store.drop_late(process, claimed.ask.id)
                    done.append(claimed.ask.id)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    left = [held.ask.id for held in store.claim_late("x", now=99, until=100)]
    assert sorted(done + left) == sorted(f"{number}-{step}" for number in range(2) for step in range(20))


def test_a_change_by_one_process_is_seen_by_another(database_url: str) -> None:
    one, other = open_store(database_url), open_store(database_url)
    before = other.version()
    one.carry("p", [entry()])
    one.expire_keys("a1", 0)
    assert other.version() > before
    assert [line.id for line in other.lines(9)] == ["1"]
    one.close()
    other.close()
