"""Data frames go in and come out, of whichever library they are."""

from typing import Any

import pytest

import ringmain
from ringmain.errors import AskError
from ringmain.rows.table import ADDED
from tests.test_house import loaded_by

ROWS = {"city": ["Rome", None, "Oslo"], "status": [1, 2, 3]}


@pytest.fixture(params=["pandas", "polars"])
def library(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(request.param)


def test_the_results_stand_beside_the_columns_of_the_frame(library: Any) -> None:
    frame = library.DataFrame(ROWS)
    found = ringmain.chat_map(frame, "Where is {city}? {status}", demo=True)
    assert type(found) is type(frame)
    assert list(frame.columns) == ["city", "status"]
    assert list(found.columns) == ["city", "status", *(f"{name}_" if name == "status" else name for name in ADDED)]
    assert list(found["status_"]) == ["ok", "invalid", "ok"]
    assert "Where is Oslo? 3" in found["answer"][2]
    assert found["cost"][0] == 0.0
    assert "nothing in 'city'" in found["reason"][1]


def test_an_empty_frame_has_the_columns_too(library: Any) -> None:
    found = ringmain.chat_map(library.DataFrame({"city": []}), "{city}", demo=True)
    assert list(found.columns) == ["city", *ADDED]
    assert len(found) == 0


def test_a_series_of_texts_is_a_list_of_prompts(library: Any) -> None:
    found = ringmain.chat_map(library.Series(["One", "Two"]), demo=True)
    assert len(found) == 2
    assert found.ok


def test_the_index_of_a_frame_stays() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"city": ["Rome", "Oslo"]}, index=["b", "a"])
    found = ringmain.chat_map(frame, "{city}", demo=True)
    assert list(found.index) == ["b", "a"]
    assert "Oslo" in found.loc["a", "answer"]


def test_a_lazy_frame_is_refused() -> None:
    polars = pytest.importorskip("polars")
    with pytest.raises(AskError, match="Collect it first"):
        ringmain.chat_map(polars.DataFrame(ROWS).lazy(), "{city}", demo=True)


def test_neither_library_is_loaded_unasked() -> None:
    loaded = loaded_by("import ringmain; ringmain.chat_map(['Hello'], demo=True)")
    assert "ringmain.rows" in loaded
    assert not loaded & {"pandas", "polars", "numpy"}
