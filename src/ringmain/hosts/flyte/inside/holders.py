"""Who holds connections and keys, in the words that its errors have for it: Flyte 1's connector, Flyte 2's task."""

from collections.abc import Callable

import msgspec

PROPELLER = (
    "Propeller itself stops listening after 10 s unless its Helm values set "
    "connector-service.defaultConnector.timeouts.ExecuteTaskSync to more."
)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who holds a connection is called, and what its admin does where something is amiss."""

    called: str
    secret: Callable[[str], str]
    """What to do where it lacks the secret of this name."""
    key: str
    """What to do where a provider does not take its key."""
    late: str
    """What to do where the asker's own limit has fired."""


CONNECTOR = Holder(
    called="connector",
    secret=lambda name: (
        f"Set _FSEC_{name} or {name} in its environment, or mount the secret as the file {name.lower()}; "
        "`ringmain doctor flyte` shows where it looks."
    ),
    key="An admin must give the connector a valid secret; `ringmain doctor flyte` shows which one it reads.",
    late=f"Raise timeout= of the task, or ask for less. {PROPELLER}",
)

TASK = Holder(
    called="task",
    secret=lambda name: f'Give its TaskEnvironment secrets=[flyte.Secret("my-openai-key", as_env_var="{name}")].',
    key="Give the secret that its TaskEnvironment names a valid key.",
    late="Raise timeout=, or ask for less.",
)
