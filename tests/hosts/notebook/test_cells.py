"""%ask and %%ask in a real kernel: what is sent, what is shown, what fails, and what is left behind."""

import json
import sys
import time

import pytest

from tests.hosts.notebook.cells import Cells
from tests.hosts.notebook.conftest import ask_at
from tests.hosts.notebook.provider import Provider
from tests.relay import Relay

LINES = """
from ringmain.sync import default_hub
async def _lines(hub):
    await hub.ring.book.flush()
    return hub.ring.store.lines(10)
"""


def lines(cells: Cells) -> list[dict[str, str]]:
    """The kernel's own book, the newest line first."""
    cells.ok(LINES)
    shown = "[{'status': l.status, 'code': l.code, 'model': l.model} for l in default_hub().run(_lines)]"
    return json.loads(cells.value(f"__import__('json').dumps({shown})"))


def test_a_question_is_answered_in_one_output_that_changed_while_it_came(cells: Cells, provider: Provider) -> None:
    answer, below = cells.ok("%ask drip 80").shown
    assert answer.plain == " ".join(map(str, range(80))) + " "
    assert answer.looks > 2
    assert "m, chat: 10 tokens in, 5 out, price unknown" in below.plain


def test_the_engine_is_asked_with_every_flag_as_the_command_line_has_it(cells: Cells, upstream: Relay) -> None:
    ask_at(cells, upstream.base_url, "tiny")
    cells.ok("""%%ask --temperature 0.2 --max-tokens 5 --top-p=0.9 --stop END --stop "a b" --seed 7 --system "Be brief."
How do I create a product?
And a variant?""")
    body = upstream.last.json
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How do I create a product?\nAnd a variant?"},
    ]
    sent = {name: body[name] for name in ("temperature", "max_tokens", "top_p", "stop", "seed", "stream", "model")}
    assert sent == {
        "temperature": 0.2,
        "max_tokens": 5,
        "top_p": 0.9,
        "stop": ["END", "a b"],
        "seed": 7,
        "stream": True,
        "model": "tiny",
    }


@pytest.mark.parametrize(
    "line",
    [
        "%ask say what is this?",
        "  %ask say what is this?",
        "answer = %ask say what is this?",
        "if 1:\n    %ask say what is this?",
    ],
)
def test_a_question_may_end_with_a_question_mark(cells: Cells, provider: Provider, line: str) -> None:
    answer, _ = cells.ok(line).shown
    assert answer.plain == "what is this?"
    assert provider.asked == ["say what is this?"]


def test_other_lines_with_a_question_mark_are_still_calls_for_help(cells: Cells, provider: Provider) -> None:
    assert "--max-tokens" in cells.help("%ask?")
    assert "One of: markdown, text, json, html, code, df." in cells.help("%%ask?")
    assert "\n%ask what is this good for?\n" in cells.help("%ask?")
    assert "--show products" in cells.help("%chat?")
    assert "Return the number of items" in cells.help("len?")
    text = cells.ok('text = """\n%ask say what?\n"""\nprint(text)').text
    assert text.strip() == "%ask say what?"
    assert provider.bodies == []


def test_an_apostrophe_or_a_quote_in_a_question_is_none(cells: Cells, provider: Provider) -> None:
    cells.ok("""%ask say what's "this""")
    assert provider.asked == ["""say what's "this"""]


def test_variables_travel_in_one_pass_and_ipython_puts_in_none_of_its_own(cells: Cells, provider: Provider) -> None:
    cells.ok("city = 'Rome'; trap = '{city} $city'; rows = [{'n': 1}]\nclass Box: inner = 'in'")
    cells.ok("""%%ask --system "about {city} --demo"
say {city} {trap} $city {rows[0]['n']} {rows} {Box.inner} {{city}} {"a": {"b": 1}} {} { city }""")
    cells.ok("%ask say {city} $city")
    assert provider.asked[0] == ("""say Rome {city} $city $city 1 [{"n": 1}] in {city} {"a": {"b": 1}} {} { city }""")
    assert provider.bodies[0]["messages"][0]["content"] == "about Rome --demo"
    assert provider.asked[1] == "say Rome $city"


def test_in_a_function_its_own_variables_are_meant(cells: Cells, provider: Provider) -> None:
    cells.ok(
        "city = 'Rome'\ndef f(city):\n    return get_ipython().run_line_magic('ask', 'say {city}')\nreply = f('Oslo')"
    )
    assert provider.asked == ["say Oslo"]
    assert cells.value("reply") == "Oslo"


def test_nothing_in_a_question_is_called(cells: Cells, provider: Provider) -> None:
    cells.ok("%ask say {open('x', 'w')} {__import__('os').getcwd()} {1+1}")
    assert provider.asked == ["say {open('x', 'w')} {__import__('os').getcwd()} {1+1}"]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("city = 1\n%ask {citty}", "The notebook has no variable 'citty'. Did you mean 'city'? Write {{citty}} for"),
        ("city = 1\n%ask {city.name}", "'city' has no .name. It is a int."),
        ("%ask --modl x hello", "There is no flag 'modl'. Did you mean 'model'?"),
        ("%ask --temperature hot hello", "--temperature cannot be 'hot'. It takes a number from 0 to 2."),
        ("%ask --max-tokens 0 hello", "--max-tokens cannot be 0. It takes a whole number of 1 or more."),
        ("%ask --as pdf hello", "--as cannot be 'pdf'. It takes one of: markdown, text, json, html, code, df."),
        ("%ask --model", "--model has no value."),
        ("%ask --model --system x", "--model has no value."),
        ("%ask --demo=yes hello", "--demo takes no value. Leave it out."),
        ("%ask --into a.b hello", "--into cannot be 'a.b'. Name a variable."),
        ("%ask --demo --connection c hello", "--connection and --demo name two providers. Give one of them."),
        ("%ask", "There is nothing to ask."),
        ("%ask --connection nowhere hello", "There is no connection 'nowhere'."),
    ],
)
def test_a_wrong_call_is_one_sentence_and_nothing_is_sent(
    cells: Cells, provider: Provider, cell: str, sentence: str
) -> None:
    error = cells.run(cell).error
    assert error["traceback"] == [error["evalue"]]
    assert error["evalue"].startswith(sentence)
    assert provider.bodies == []


def test_a_provider_that_refuses_is_one_sentence_and_the_variable_stays(cells: Cells, provider: Provider) -> None:
    cells.ok("answer = 'as it was'")
    error = cells.run("%ask --into answer fail 401").error
    assert len(error["traceback"]) == 1
    assert "did not accept" in error["traceback"][0]
    assert "Traceback" not in error["traceback"][0]
    assert cells.value("answer") == "as it was"
    assert [line["status"] for line in lines(cells)] == ["failed"]


def test_without_a_connection_the_ways_out_are_named(cells: Cells) -> None:
    error = cells.run("%ask hello").error
    assert error["traceback"] == [error["evalue"]]
    assert "Set OPENAI_API_KEY" in error["evalue"]


def test_into_keeps_a_reply_that_prints_as_its_text(cells: Cells, provider: Provider) -> None:
    cells.ok("%ask --into answer say **bold**")
    assert cells.value("answer") == "**bold**"
    cells.ok("import ringmain")
    told = cells.value("isinstance(answer, ringmain.Reply), answer.usage.output_tokens, answer.model")
    assert told == "True 5 m"


def test_a_line_may_be_assigned_and_is_then_not_shown_twice(cells: Cells, provider: Provider) -> None:
    assert len(cells.ok("answer = %ask say hello").shown) == 2
    assert cells.value("answer") == "hello"
    assert len(cells.ok("%ask say hello").shown) == 2
    assert len(cells.ok("%%ask\nsay hello").shown) == 2


def test_the_default_is_markdown_without_a_way_in_for_html_or_pictures(cells: Cells, provider: Provider) -> None:
    cells.ok(
        """hostile = '**a** <img src=x onerror=alert(1)> <script>1</script> [x](javascript:alert(1)) ![p](https://e/?q)'"""
    )
    answer, _ = cells.ok("%ask say {hostile}").shown
    assert "<strong>a</strong>" in answer.html
    for hostile in ("<img", "<script", 'href="javascript'):
        assert hostile not in answer.html


def test_html_is_shown_in_a_frame_without_scripts_origin_and_network(cells: Cells, provider: Provider) -> None:
    answer, _ = cells.ok("""%%ask --as html
say ```html
<h1>Hello</h1><script>parent.hacked = 1</script>
```""").shown
    assert answer.html.startswith('<iframe sandbox=""')
    assert "default-src &#x27;none&#x27;" in answer.html
    assert "&lt;h1&gt;Hello" in answer.html
    assert "<script" not in answer.html


def test_json_is_read_out_of_its_fence_and_kept(cells: Cells, provider: Provider) -> None:
    answer, _ = cells.ok("""%%ask --as json --into data
say ```json
{"cities": ["Rome", "Oslo"]}
```""").shown
    assert answer.data["application/json"] == {"cities": ["Rome", "Oslo"]}
    assert cells.value("data['cities'][1]") == "Oslo"
    cells.ok("%ask --as json --into data say null")
    assert cells.value("data") == "None"
    answer, _ = cells.ok(r'%ask --as json --into data say [NaN, "\ud800"]').shown
    assert answer.plain == '[\n  NaN,\n  "?"\n]'


def test_what_is_no_json_says_where_and_is_shown_as_it_came_with_its_cost(cells: Cells, provider: Provider) -> None:
    cells.ok("data = 'as it was'")
    ran = cells.run("""%ask --as json --into data say {"a": oops}""")
    assert ran.error["evalue"].startswith(
        """The answer is no JSON: Expecting value, in line 1, column 7, near '{"a": oops}'."""
    )
    assert [one.plain.partition(",")[0] for one in ran.shown] == ['{"a": oops}', "m"]
    assert cells.value("data") == "as it was"


def test_a_table_becomes_a_data_frame(cells: Cells, provider: Provider) -> None:
    answer, _ = cells.ok("""%ask --as df --into df say [{"city": "Rome", "n": 2}, {"city": "Oslo", "n": 1}]""").shown
    assert "Rome" in answer.html
    assert cells.value("df['n'].sum()") == "3"
    cells.ok("%%ask --as df --into df\nsay city,n\nRome,2\nOslo,1.5")
    assert cells.value("df['n'].sum(), df['city'][1]") == "3.5 Oslo"
    error = cells.run("%ask --as df say Rome is nice.").error
    assert error["evalue"].startswith("The answer is no table.")


def test_code_stands_in_the_next_cell_and_is_not_run(cells: Cells, provider: Provider) -> None:
    ran = cells.ok("""%%ask --as code
say Try this:
```python
x = 41 + 1
```
It is short.""")
    assert [page["text"] for page in ran.payload if page["source"] == "set_next_input"] == ["x = 41 + 1"]
    assert cells.value("'x' in globals()") == "False"


def test_several_answers_are_numbered(cells: Cells, provider: Provider) -> None:
    answer, _ = cells.ok("%ask --n 2 --as text say hello").shown
    assert answer.plain == "1. hello\n\n2. hello"
    assert provider.bodies[0]["n"] == 2


def test_raw_leaves_every_brace(cells: Cells, provider: Provider) -> None:
    cells.ok("x = 1\n%ask --raw say {x} {y} {{z}}")
    assert provider.asked == ["say {x} {y} {{z}}"]


def test_an_interrupted_answer_is_cut_off_at_the_provider_and_has_its_line(cells: Cells, provider: Provider) -> None:
    cells.ok("answer = 'as it was'")
    pressed = cells.interrupt(lambda: provider.said >= 5)
    ran = cells.run("%ask --into answer drip 600")
    pressed.join()
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert ran.error["traceback"] == ["Interrupted: the provider was cut off, and the book has the line."]
    assert provider.cut.wait(10)
    assert provider.said < 200
    assert ran.shown[0].plain.startswith("0 1 2 3")
    assert cells.value("answer") == "as it was"
    (line,) = lines(cells)
    assert (line["status"], line["code"]) == ("interrupted", "host_hung_up")
    assert cells.ok("%ask say again").shown[0].plain == "again"


def test_an_ask_that_is_interrupted_before_its_first_word_has_its_line_too(cells: Cells, provider: Provider) -> None:
    pressed = cells.interrupt(lambda: len(provider.bodies) == 1)
    began = time.monotonic()
    ran = cells.run("%ask wait 20")
    pressed.join()
    assert ran.error["traceback"] == ["Interrupted: the provider was cut off, and the book has the line."]
    assert time.monotonic() - began < 15
    assert ran.shown == []
    (line,) = lines(cells)
    assert (line["status"], line["code"]) == ("unconfirmed", "host_hung_up")


def test_an_ask_that_may_cost_too_much_is_not_sent(cells: Cells, provider: Provider) -> None:
    url = provider.base_url
    cells.ok(f"!{sys.executable} -m ringmain connections add priced --base-url {url} --model m --price m=1,1")
    error = cells.run("%ask --connection priced --max-tokens 100 --max-cost 0.0001 say hello").error
    assert error["evalue"].startswith("This ask may cost $0.000")
    assert provider.bodies == []
    _, below = cells.ok("%ask --connection priced --max-tokens 100 --max-cost 0.05 say hello").shown
    assert "10 tokens in, 5 out, $0.000015" in below.plain


def test_usage_shows_the_book_and_connection_who_is_asked(cells: Cells, provider: Provider) -> None:
    cells.ok("%ask say hello")
    (table,) = cells.ok("%usage").shown[:1]
    assert table.plain.splitlines()[1].split() == ["local", "local", "m", "1", "0", "10", "5", "0", "–"]
    (shown,) = cells.ok("%connection").shown
    assert shown.plain.splitlines()[1].startswith(f"→  environment  {provider.base_url}")
    cells.ok("%connection demo")
    assert cells.ok("%ask hello").shown[0].plain.startswith("[demo]")
    assert "There are: environment, demo." in cells.run("%connection nowhere").error["evalue"]
    cells.ok("%connection --reset\n%ask say hello")
    assert provider.asked == ["say hello", "say hello"]


def test_a_connection_is_tried_with_one_sentence_at_the_end(cells: Cells, provider: Provider) -> None:
    table, sentence = cells.ok("%connection --test").shown
    assert "✓  answer" in table.plain
    assert sentence.plain.startswith("Test success!")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("%ask --mo", ["--mode", "--model"]),
        ("%%ask --as j", ["json"]),
        ("answer = %ask --mode ", ["auto", "chat", "completion", "responses"]),
        ("%ask --connection env", ["environment"]),
        ("towns = ['a']\n%%ask --each ", ["towns"]),
        ("%chat --s", ["--save", "--show"]),
        ("%%chat products --sy", ["--system"]),
        ("%connection --te", ["--test"]),
        ("%connection env", ["environment"]),
    ],
)
def test_flags_and_their_values_are_completed(cells: Cells, provider: Provider, code: str, found: list[str]) -> None:
    cells.ok("towns = ['a']")
    assert cells.complete(code) == found


def test_asking_in_a_running_loop_and_beside_other_tasks_works(cells: Cells, provider: Provider) -> None:
    ran = cells.ok("""
import asyncio
async def other():
    await asyncio.sleep(0.01)
    return "other"
task = asyncio.ensure_future(other())
reply = get_ipython().run_line_magic("ask", "say hello")
print(reply, await task)
""")
    assert ran.text == "hello other\n"


def test_how_long_the_import_and_the_extension_take_is_printed(kernel: Cells) -> None:
    told = kernel.ok("""
import subprocess, sys, time
code = '''
import time
began = time.perf_counter()
import ringmain
imported = time.perf_counter()
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
ready = time.perf_counter()
shell.run_line_magic("load_ext", "ringmain")
print(f"import {(imported - began) * 1000:.0f} ms, load_ext {(time.perf_counter() - ready) * 1000:.0f} ms")
'''
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
""").text
    assert told.startswith("import ")
    print(told)
