"""Answers that are paid for, and by what they are found again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ringmain
from benchmarks.metered import Metered, metered
from ringmain.errors import AskError, SetupError
from ringmain.rows import Row, Table
from ringmain.rows.kept import Kept

ROWS = [{"city": "Rome"}, {"city": "Oslo"}, {"city": "Rome"}]

Ask = Callable[..., Table]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch):
    with metered() as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        yield provider


@pytest.fixture
def ask(provider: Metered, tmp_path: Path) -> Ask:
    def ask(rows: Any = ROWS, prompt: str = "Where is {city}?", **more: Any) -> Table:
        return ringmain.chat_map(rows, prompt, keep=tmp_path / "answers.kept", **{"model": "m", **more})

    return ask


def test_a_second_run_asks_nothing_that_is_answered(ask: Ask, provider: Metered) -> None:
    first, second = ask(), ask()
    assert provider.answered == 3
    assert [row.kept for row in first] == [False] * 3
    assert [row.kept for row in second] == [True] * 3
    assert second.texts == first.texts == ["Re: Where is Rome?", "Re: Where is Oslo?", "Re: Where is Rome?"]
    assert second.to_list()[1]["city"] == "Oslo"


def test_rows_that_ask_the_same_are_each_asked(ask: Ask, provider: Metered) -> None:
    assert len({row.id for row in ask()}) == 3
    assert sorted(provider.said) == ["Where is Oslo?", "Where is Rome?", "Where is Rome?"]


def test_rows_may_be_moved_taken_out_and_added(ask: Ask, provider: Metered) -> None:
    ask()
    ask([{"city": "Bonn"}, {"city": "Oslo"}, {"city": "Rome"}, {"city": "Oslo"}])
    assert provider.said[3:] == ["Where is Bonn?", "Where is Oslo?"]


def test_a_column_that_is_not_asked_may_change(ask: Ask, provider: Metered) -> None:
    ask()
    assert ask([{**row, "note": "new"} for row in ROWS]).to_list()[0]["note"] == "new"
    assert provider.answered == 3


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Where on Earth is {city}?"},
        {"model": "other"},
        {"temperature": 0.5},
        {"system": "Be brief."},
        {"mode": "chat"},
    ],
)
def test_whatever_changes_an_answer_makes_it_another_ask(ask: Ask, provider: Metered, change: dict[str, Any]) -> None:
    ask()
    ask(**change)
    assert provider.answered == 6


def test_another_address_is_another_ask(ask: Ask, provider: Metered, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    with metered() as other:
        monkeypatch.setenv("OPENAI_BASE_URL", other.url)
        ask()
        assert other.answered == 3


def test_what_failed_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = tmp_path / "kept"
    with metered(faults={"Oslo": (400, "no")}) as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        table = ringmain.chat_map(ROWS, "{city}", model="m", keep=keep)
        assert [row.status for row in table] == ["ok", "error", "ok"]
        provider._faults.clear()
        again = ringmain.chat_map(ROWS, "{city}", model="m", keep=keep)
        assert again.ok
        assert [row.kept for row in again] == [True, False, True]
        assert provider.answered == 3


def test_a_line_that_was_cut_off_costs_that_row_only(ask: Ask, provider: Metered, tmp_path: Path) -> None:
    ask()
    file = tmp_path / "answers.kept"
    file.write_bytes(file.read_bytes()[:-30])
    assert ask().ok
    assert provider.answered == 4
    assert ask().ok
    assert provider.answered == 4


def test_two_runs_do_not_write_to_one_file(tmp_path: Path) -> None:
    with Kept(tmp_path / "kept") as kept:
        kept.put("k", Row(index=0, status="ok", text="x"))
        with pytest.raises(SetupError, match="Another run"):
            Kept(tmp_path / "kept")
    with Kept(tmp_path / "kept") as kept:
        assert kept.get("k", 7) == Row(index=7, status="ok", text="x", kept=True)


def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(provider: Metered, tmp_path: Path) -> None:
    with pytest.raises(AskError, match="cannot be written"):
        ringmain.chat_map(ROWS, "{city}", model="m", keep=tmp_path / "nowhere" / "kept")
    assert provider.calls == 0


def test_a_run_that_keeps_nothing_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        ringmain.chat_map(ROWS, "{city}", model="m", keep=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
