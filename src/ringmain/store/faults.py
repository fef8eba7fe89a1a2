"""What every store answers to a change that cannot be made."""

from ringmain.errors import SetupError


def name_taken(kind: str, name: str) -> SetupError:
    """The refusal of a second connection or account of one name."""
    return SetupError(
        "name_taken", f"The name '{name}' belongs to another {kind}.", fix="Choose another name.", param="name"
    )


def unknown_account(account_id: str) -> SetupError:
    """The refusal of a key for an account that is not there."""
    return SetupError(
        "unknown_account",
        f"There is no account with the id '{account_id}'.",
        fix="See `ringmain hosts list` for those that there are.",
    )
