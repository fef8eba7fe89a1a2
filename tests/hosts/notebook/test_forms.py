"""How answers are read, and made harmless."""

import re
import sys

import pytest

from ringmain.errors import AskError
from ringmain.hosts.notebook.inside import safe
from ringmain.hosts.notebook.inside.forms import FORMS, code_of, read_json, rows_of
from ringmain.hosts.notebook.inside.tables import table_bundle

FENCED = "Here:\n```json\n[1]\n```\nand ```not``` this"


def test_json_may_stand_in_a_fence_or_alone() -> None:
    assert read_json(FENCED) == [1]
    assert read_json(' {"a": null} ') == {"a": None}


@pytest.mark.parametrize("text", ["", "Sure!", '{"a": 1', "[1, 2,, 3]"])
def test_what_is_no_json_says_where(text: str) -> None:
    with pytest.raises(AskError, match=r"The answer is no JSON: .+ in line 1, column \d+"):
        read_json(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "9" * 5000])
@pytest.mark.parametrize("form", ["json", "df"])
def test_json_that_python_cannot_hold_is_told_as_any_other(text: str, form: str) -> None:
    with pytest.raises(AskError, match="The answer is no"):
        FORMS[form].whole(f"```json\n[{text}]\n```")


def test_what_json_cannot_say_to_a_front_end_is_shown_as_text() -> None:
    shown = FORMS["json"].whole('[NaN, "\x9b[2J"]')
    assert shown.bundle == {"text/plain": '[\n  NaN,\n  "�[2J"\n]'}
    half = FORMS["json"].whole(r'{"a": "\ud83d", "b": "\ud83d\ude00"}')
    assert half.value == {"a": "?", "b": "😀"}
    assert (half.bundle or {})["application/json"] == half.value


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ('{"rows": [{"a": 1}]}', [{"a": 1}]),
        ('{"a": 1, "b": 2}', [{"a": 1, "b": 2}]),
        ("```csv\na,b\n1,x y\n2.5,\n```", [{"a": 1, "b": "x y"}, {"a": 2.5, "b": ""}]),
        ('a, b\n"1,0", 2\n\n', [{"a": "1,0", "b": 2}]),
        (
            "zip,id,n\n00501,1_2,-1.5e3\n٣,infinity,nan",
            [{"zip": "00501", "id": "1_2", "n": -1500.0}, {"zip": "٣", "id": "infinity", "n": "nan"}],
        ),
    ],
)
def test_rows_are_a_list_of_objects_or_csv(text: str, rows: object) -> None:
    assert rows_of(text) == rows


@pytest.mark.parametrize(
    "text", ["[1, 2]", "Rome is nice.", "a,b", "a,b\n1,2,3", "a,a\n1,2", f"a,b\n{'x' * 200_000},1", "", '{"a": ']
)
def test_what_is_no_table_says_so(text: str) -> None:
    with pytest.raises(AskError, match=r"The answer is (no table|no JSON|JSON, but no list of objects)"):
        rows_of(text)


def test_code_is_what_stands_in_the_fences_else_all_of_it() -> None:
    assert code_of("Do:\n```python\nx = 1\n```\nthen\n```\ny = 2\n```") == "x = 1\ny = 2"
    assert code_of(" x = 1\n") == "x = 1"
    assert code_of("Do:\n~~~python\nx = 1\n~~~\nor ```y``` so\n") == "x = 1"
    assert code_of("````md\n```py\nx\n```\n````\nEnd") == "```py\nx\n```"


def test_of_an_answer_that_was_cut_off_the_code_is_code_too() -> None:
    assert code_of("Do:\n```python\nx = 1\n```\nThen:\n```python\ny = ") == "x = 1\ny = "


def test_rows_that_no_frame_takes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(AskError, match="polars makes no data frame of the answer: int value too large"):
        FORMS["df"].whole(f'[{{"a": {10**40}}}]')


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](vbscript:x) [y](data:text/html,<script>1</script>)",
        "<javascript:alert(1)>",
        "![p](https://evil.example/?said)",
        '[a](https://x "\\"><script>1</script>")',
        "```html\n<script>1</script>\n```",
        "| <b onclick=x>a</b> |\n|---|\n| <i>b</i> |",
        "&lt;script&gt;",
    ],
)
@pytest.mark.parametrize("form", ["markdown", "code", "html"])
def test_no_form_lets_a_model_write_into_the_page(text: str, form: str) -> None:
    shown = FORMS[form].whole(text).bundle
    assert shown
    html = str(shown["text/html"]).strip()
    for hostile in ("<script", "<img", "<b ", "<i>", 'href="javascript', 'href="vbscript', 'href="data'):
        assert hostile not in html
    for hostile in ("<script", "<img"):
        assert hostile not in str(FORMS[form].live(text).get("text/html"))


def test_formulas_keep_their_marks_for_the_front_end() -> None:
    html = str(safe.markdown(r"So \(x^2\) and \[y\] and $z$.")["text/html"]).strip()
    assert html == "<p>So \\(x^2\\) and \\[y\\] and $z$.</p>"
    lines = "\\[\nx \\, *y* \\\\\n\\]"
    assert str(safe.markdown(lines)["text/html"]).strip() == f"<p>{lines}</p>"


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("It costs $5 or $6.", []),
        ("From $5-$10, in US$5 or A$6", []),
        ("$HOME and $PATH", []),
        ("It costs $5, and $x^2$ is a formula.", ["$x^2$"]),
        ("$$\nx < $5\n$$", ["$$\nx &lt; $5\n$$"]),
        (r"$\{a\} \, *b* \\ *c*$", [r"$\{a\} \, *b* \\ *c*$"]),
        ("It costs $5, run `a$b`.", []),
        (r"It costs \$5 or \$6.", []),
        (r"\[ x \, *y* \] is $1", []),
        ("$a < b$ and $c$", ["$a &lt; b$", "$c$"]),
        ("[shop](https://example.com/?a=$1&b=$2)", ["$1&amp;b=$"]),
    ],
)
def test_sums_of_money_in_an_answer_are_the_ends_of_no_formula(text: str, formulas: list[str]) -> None:
    html = str(safe.markdown(text)["text/html"]).replace("<span>$</span>", "")
    assert re.findall(r"\$\$.*?\$\$|\$[^$]*\$", html, re.DOTALL) == formulas


def test_two_sums_of_money_are_no_formula() -> None:
    table = table_bundle(["COST>"], [["$0.1"]], total=["$0.2"])
    for bundle in (safe.small("$0.1 of $0.2", "$0.3"), table):
        assert "$" not in str(bundle["text/html"]).replace("<span>$</span>", "")
    assert table["text/plain"] == "COST\n$0.1\n$0.2"


def test_text_does_not_steer_a_terminal() -> None:
    assert safe.plain("a\x1b[31mb\n\tc")["text/plain"] == "a�[31mb\n\tc"
