"""What to say where model and mode do not go together, or where there is no model at all."""

from collections.abc import Sequence

from ringmain.errors import AskError, SetupError
from ringmain.exchange.ask import Mode, Wire

INSTEAD: dict[str, tuple[Mode, ...]] = {
    "auto": ("chat", "responses", "completion"),
    "completion": ("chat", "responses"),
    "responses": ("chat",),
    "chat": (),
}
"""By which modes an ask is put where the model has not the one that was set, the best first."""


def misfit(model: str, wanted: str, can: Sequence[Mode], fitting: str | None = None) -> AskError:
    """The error of a model that has not the mode that was set, with a pair that works; `fitting` has that mode."""
    other = f", or keep {wanted} with the model '{fitting}'" if fitting else ""
    return AskError(
        "model_mode_mismatch",
        f"The model '{model}' cannot be asked by {wanted}; it can do {' and '.join(can)}.",
        fix=f"Set the mode to auto or {can[0]}{other}.",
        param="model",
    )


def no_model(connection: str, some: Sequence[str]) -> SetupError:
    """The error of an ask that names no model where nothing else does, with three that would do."""
    named = f"for example {', '.join(some[:3])}" if some else "as its provider calls it"
    return SetupError(
        "no_model",
        f"No model is set for the connection '{connection}'.",
        fix=f"Name one in the ask, or set RINGMAIN_MODEL or the connection's model, {named}.",
        param="model",
    )


def no_voice(connection: str, wire: Wire) -> SetupError:
    """The error of an ask with sound that names no model, where the provider's preset suggests none for it."""
    return SetupError(
        "no_model",
        f"No model for {wire} is known for the connection '{connection}'.",
        fix="Name one in the ask's model, as the provider calls it; those of account and connection are for talking.",
        param="model",
    )
