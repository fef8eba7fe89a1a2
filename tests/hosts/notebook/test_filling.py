"""Variables in a question: one pass, names only."""

import pytest

from ringmain.errors import AskError
from ringmain.hosts.notebook.inside.filling import filled, templated


class Box:
    inner = ("a", {"k": "v"})

    def called(self) -> str:
        raise AssertionError("a question calls nothing")


class Broken:
    @property
    def inner(self) -> str:
        raise ValueError("torn")

    def __str__(self) -> str:
        raise ValueError("torn")


NAMES = {
    "name": "Rome",
    "trap": "{name} {{name}}",
    "rows": [1, 2],
    "box": Box(),
    "größe": 3,
    "yes": True,
    "by": {"a b": 1},
}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{name}, {größe}", "Rome, 3"),
        ("{trap}", "{name} {{name}}"),
        ("{rows} {rows[1]} {rows[-1]} {yes}", "[1, 2] 2 2 true"),
        ("{box.inner[1]['k']} {by[\"a b\"]}", "v 1"),
        ("{{name}} {{not this}} {{}}", "{name} {not this} {}"),
        ('{"a": {"b": 1}} {} { name } {1} {name!r} {name:>5} f(x) { return; }', None),
        ("{name.upper()} {len(name)} {rows[0:1]} {rows[i]}", None),
        ("{{{name}}}", "{Rome}"),
    ],
)
def test_names_with_parts_and_places_are_filled_in_and_all_else_stays(text: str, meant: str | None) -> None:
    assert filled(text, NAMES) == (text if meant is None else meant)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{nam}", "The notebook has no variable 'nam'. Did you mean 'name'?"),
        ("{print}", "The notebook has no variable 'print'."),
        ("{box.outer}", "'box' has no .outer."),
        ("{rows[7]}", "'rows' has no [7]."),
        ("{by['c']}", "'by' has no ['c']."),
        ("{name['c']}", "'name' has no ['c']."),
    ],
)
def test_what_is_not_there_is_named(text: str, sentence: str) -> None:
    with pytest.raises(AskError) as caught:
        filled(text, NAMES)
    assert caught.value.sentence == sentence


def test_a_data_frame_is_written_as_csv_whole() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": range(100)})
    assert filled("{frame}", {"frame": frame}) == frame.to_csv(index=False)


def test_series_and_arrays_are_written_whole() -> None:
    pandas, polars, numpy = (pytest.importorskip(name) for name in ("pandas", "polars", "numpy"))
    whole = str(list(range(2000)))
    for made in (pandas.Series(range(2000)), polars.Series(range(2000)), numpy.arange(2000)):
        assert filled("{made}", {"made": made}) == whole
    assert filled("{frame['n']} {one}", {"frame": pandas.DataFrame({"n": [1, 2]}), "one": numpy.float32(0.1)}) == (
        "[1, 2] 0.1"
    )


def test_what_fails_in_the_notebooks_own_values_is_told() -> None:
    polars = pytest.importorskip("polars")
    round_: list[object] = []
    round_.append(round_)
    held = {"frame": polars.DataFrame({"a": [[1]]}), "round_": round_, "pairs": {(1, 2): 3}, "box": Broken()}
    for text, sentence in (
        ("{frame['b']}", "'frame' has no ['b']."),
        ("{box.inner}", "'box' has no .inner."),
        ("{frame}", "'frame' cannot be written as text: CSV format does not support nested data."),
        ("{round_}", "'round_' cannot be written as text: Circular reference detected."),
        ("{pairs}", "'pairs' cannot be written as text: keys must be str, int, float, bool or None, not tuple."),
        ("{box}", "'box' cannot be written as text: torn."),
    ):
        with pytest.raises(AskError) as caught:
            filled(text, held)
        assert caught.value.sentence == sentence


def test_a_prompt_for_rows_keeps_the_gaps_of_columns_only() -> None:
    assert templated('{city} {name} {trap} {{city}} {{{city}}} {"a"}', ["city"], NAMES) == (
        '{city} Rome {{name}} {{{{name}}}} {{city}} {{{city}}} {{"a"}}'
    )
