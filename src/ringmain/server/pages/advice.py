"""What to do about an error, for an admin who does not use a terminal."""

import re

from ringmain.errors import RingmainError

COMMAND = re.compile(r"`ringmain |(?<![\w-])--[a-z]|RINGMAIN_")
"""What an advice for the terminal looks like."""

ON_PAGES = {
    "account_off": "Switch it on, on the account's page.",
    "invalid_api_key": "Make a new key on the account's page, and paste that one.",
    "insufficient_quota": "Raise the account's budget, set a price where none is known, or wait for the next period.",
    "rate_limit_exceeded": "Wait for the next minute, or raise the account's asks a minute.",
    "no_connection": "Add a connection, or make one of them the default.",
    "unknown_connection": "Choose another connection on the account's page.",
    "no_model": "Pick one: the connection's page lists what its provider has.",
    "model_not_found": "Pick one that the connection's page lists.",
    "secret_locked": "Type the key again on the connection's page, and save.",
    "upstream_auth": "Type a valid key on the connection's page, and test it.",
    "upstream_forbidden": "Test the connection: it tells what the provider refuses.",
    "upstream_malformed": "Test the connection; its base URL usually ends in /v1.",
    "deadline_exceeded": "Raise the connection's timeout, or ask for a shorter answer.",
}
"""Code → what to do on the pages, where the error itself names a command."""


def advice(error: RingmainError) -> str:
    """The error's own fix, unless that is for the terminal and pages know another way."""
    return ON_PAGES.get(error.code, error.fix) if COMMAND.search(error.fix) else error.fix
