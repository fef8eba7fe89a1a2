# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What somebody who asked is told where there is no answer: what happened, and what to do.

A fault that the asker can mend by asking otherwise is told apart from one that is in how things are set up.
"""

from .faults import _lt

LATER = _lt("Please ask again in a few minutes.")
ADMIN = _lt("Please tell an administrator of your Odoo.")
SHORTER = _lt("Please ask in fewer words.")
OTHERWISE = _lt("Please ask in other words.")
AGAIN = _lt("Please ask again.")

TOLD = (
    (
        ("busy", "rate_limit_exceeded", "upstream_rate_limited", "hub_overloaded"),
        _lt("Too many questions are being asked at once."),
        LATER,
    ),
    (("no_answer_in_time", "deadline_exceeded"), _lt("The answer took too long."), LATER),
    (("unreachable", "cut", "hub_error", "hub_stopping"), _lt("The connection cannot be reached."), LATER),
    (
        ("provider_error", "upstream_error", "upstream_overloaded", "upstream_cooling"),
        _lt("The provider of the model has a fault of its own."),
        LATER,
    ),
    (("upstream_unreachable",), _lt("The provider of the model cannot be reached."), LATER),
    (("empty", "upstream_empty"), _lt("The model gave an empty answer."), OTHERWISE),
    (("too_long", "request_too_large", "context_length_exceeded"), _lt("The question is too long."), SHORTER),
    (
        ("quota", "insufficient_quota", "upstream_quota"),
        _lt("The money for questions is used up."),
        ADMIN,
    ),
    (("invalid_key", "invalid_api_key"), _lt("The connection does not accept the key of this Odoo."), ADMIN),
    (("upstream_auth",), _lt("The provider of the model does not accept the key."), ADMIN),
    (("account_off",), _lt("The account of this Odoo is switched off."), ADMIN),
    (("not_set_up",), _lt("ringmain is not set up for your company."), ADMIN),
    (("not_known_any_more",), _lt("The question got lost on its way."), AGAIN),
)
WORDS = {code: (happened, todo) for codes, happened, todo in TOLD for code in codes}
"""By the code of the fault; a code that is not here is told in the words of the other side."""
