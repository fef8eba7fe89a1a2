"""The page «OdooGPT & OpenAI Settings», as far as it is Odoo's own screens: which test holds each sentence.

Those tests run in a real Odoo, by `make test-odoo`; here it is held that they are there.
"""

import ast
from importlib import resources

import pytest

HELD = {
    "All setting can be found at `Settings → Odoo GPT`": "test_an_admin_sets_it_up_tries_it_and_picks_a_model",
    "Paste the Token in OdooGPT setting": "test_the_key_is_never_shown_again_and_the_rest_is",
    "Save settings": "test_what_was_tried_can_be_saved_after_it",
    "click on `TEST` button … Test success! Everything properly set up! You're good to go!": (
        "test_a_right_key_that_is_typed_and_not_saved_is_good_to_go"
    ),
    "You can customize the Model … custom fine-tuned models": "test_pairs_that_fit_are_kept",
    "press `PICK MODEL` button to open the table": (
        "test_the_table_of_models_has_prices_window_and_method_and_no_embeddings"
    ),
    "some parameters that allows to customize the behaviour": "test_parameters_are_numbers_within_their_range",
    "Default value for Max Tokens is deliberately low": ("test_a_fresh_company_has_few_tokens_a_prefix_and_a_context"),
    "The mode can be selected into … field `Chat method`": (
        "test_a_model_and_a_method_that_do_not_fit_are_refused_with_the_pair_that_works"
    ),
    "prefix it with “In Odoo: ” … The same can be done with a suffix": (
        "test_a_prefix_and_a_suffix_are_sent_exactly_and_only_with_completion"
    ),
    "A default value is already provided (for the context)": (
        "test_a_fresh_company_has_few_tokens_a_prefix_and_a_context"
    ),
    "the messages that will be written by users to OdooBot": (
        "test_a_question_in_the_chat_is_a_row_and_wakes_the_cron"
    ),
    "If you get an error like “Oops! Something went wrong! …”": (
        "test_each_fault_is_one_polite_sentence_and_a_reason_in_the_log"
    ),
}
"""A sentence of the page → the test of the addon that holds it."""


def names_of_tests() -> set[str]:
    """The names of all tests that run in Odoo."""
    folder = resources.files("ringmain.hosts.odoo").joinpath("inside", "19.0", "ringmain", "tests")
    trees = [ast.parse(item.read_text()) for item in folder.iterdir() if item.name.startswith("test_")]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("sentence", "test"), HELD.items(), ids=HELD.values())
def test_a_sentence_about_odoos_screens_is_held_in_odoo(sentence: str, test: str) -> None:
    assert test in names_of_tests(), sentence
