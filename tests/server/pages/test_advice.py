"""No page sends an admin to a terminal for what pages can do."""

from ringmain.errors import STATUS, ProviderError, SetupError
from ringmain.server.pages.advice import COMMAND, REMEDIES, advice

STARTING = {
    "weak_password",
    "link_spent",
    "not_signed_in",
    "wrong_password",
    "cross_site",
    "too_many_tries",
    "unknown_account",
    "unknown_room",
    "name_taken",
    "invalid_setting",
    "data_folder_in_use",
    "data_folder_unusable",
    "database_unreachable",
    "database_newer",
    "port_in_use",
    "missing_extra",
    "secret_missing",
}
"""Codes of the sign-in, of forms, of the start and of notebooks, which never end an ask."""


def test_every_end_of_an_ask_has_a_remedy_that_needs_no_terminal() -> None:
    assert set(REMEDIES) == set(STATUS) - STARTING
    assert not [fix for fix in REMEDIES.values() if COMMAND.search(fix)]


def test_an_errors_own_fix_stands_where_it_names_no_command() -> None:
    assert advice(ProviderError("upstream_error", "It failed.", fix="Ask the provider.")) == "Ask the provider."
    told = advice(SetupError("secret_locked", "It does not open.", fix="Run `ringmain connections set x`."))
    assert told == REMEDIES["secret_locked"]
