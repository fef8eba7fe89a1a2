"""What to do about an error, for an admin who does not use a terminal."""

import re

from ringmain.errors import RingmainError

COMMAND = re.compile(r"`ringmain |(?<![\w-])--[a-z]|RINGMAIN_")
"""What an advice for the terminal looks like."""

HOST = "Look at what the host sends: its own settings or its version may be the cause."
TEST = "Test the connection: it tells what to put right."
LATER = "Ask again later; where it stays so, test the connection."
RUNS = "See that the hub has room on its disk and that its database runs."

REMEDIES = {
    "invalid_json": HOST,
    "invalid_request": HOST,
    "nothing_to_ask": HOST,
    "unknown_role": HOST,
    "too_deep": HOST,
    "unsupported_field": "Have the host leave that field out, or choose a model that knows it.",
    "context_length_exceeded": "Ask for less at once, lower max_tokens, or choose a model with a larger window.",
    "model_mode_mismatch": "Set the account's mode to auto, or choose a model that has the mode.",
    "not_found": "Correct the base URL in the host: it usually ends in /v1.",
    "method_not_allowed": "Correct the base URL in the host: it usually ends in /v1.",
    "model_not_found": "Pick one that the connection's page lists.",
    "request_too_large": "Have the host send less at once.",
    "idempotency_mismatch": HOST,
    "media_unreadable": "See that the file is there for everybody, or name its host in the account.",
    "invalid_api_key": "Make a new key on the account's page, and paste that one.",
    "invalid_signature": "Set the account's phrase to the one that stands in the tool.",
    "signature_replayed": "Nothing: the same request had come before.",
    "wrong_organization": "Set the account's organization to the id that the tool sends, or leave it empty.",
    "account_off": "Switch it on, on the account's page.",
    "model_not_allowed": "Add the model to the account's allowed ones, or have the host ask for one of them.",
    "rate_limit_exceeded": "Wait for the next minute, or raise the account's asks a minute.",
    "insufficient_quota": "Raise the account's budget, set a price where none is known, or wait for the next period.",
    "no_connection": "Add a connection, or make one of them the default.",
    "no_model": "Pick one: the connection's page lists what its provider has.",
    "unknown_connection": "Choose another connection on the account's page.",
    "unknown_preset": "Choose one of the providers that are listed.",
    "wrong_secret_file": "Type the key again on the connection's page, and save; or put the hub's key file back.",
    "secret_locked": "Type the key again on the connection's page, and save.",
    "upstream_auth": "Type a valid key on the connection's page, and test it.",
    "upstream_forbidden": TEST,
    "upstream_rate_limited": "Wait a little; where it stays so, ask the provider for a higher limit.",
    "upstream_quota": "Top up at the provider: the connection's page leads to its billing.",
    "upstream_error": LATER,
    "upstream_overloaded": LATER,
    "upstream_cooling": "Test the connection: it tells what is wrong, and asks the model at once.",
    "upstream_unsupported": "Set the account's mode to auto, or choose another model.",
    "upstream_unreachable": "See that it runs, and test the connection.",
    "upstream_tls": "See that the address is right and its certificate valid, and test the connection.",
    "upstream_ambiguous": LATER,
    "upstream_malformed": "Test the connection; its base URL usually ends in /v1.",
    "upstream_empty": LATER,
    "upstream_too_large": "Ask for a shorter answer.",
    "upstream_redirect": "Give the address that it redirects to as the connection's base URL.",
    "upstream_refused": "Look at the account's parameters and at what the host sends.",
    "stream_interrupted": LATER,
    "deadline_exceeded": "Raise the connection's timeout, or ask for a shorter answer.",
    "host_hung_up": "See that the host waits long enough for an answer.",
    "internal_error": "Report it with what the hub's log says.",
    "store_unavailable": RUNS,
    "hub_overloaded": "Ask less at once, or start a second hub.",
    "hub_stopping": "Ask again once the hub runs.",
}
"""Code → what to do on the pages, for every end that an ask can have."""


def advice(error: RingmainError) -> str:
    """The error's own fix, unless that is for the terminal and pages know another way."""
    return REMEDIES.get(error.code, error.fix) if COMMAND.search(error.fix) else error.fix
