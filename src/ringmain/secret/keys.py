"""The key that asks of this process need, where the environment itself has none."""

import msgspec

from ringmain.exchange.connection import Secret
from ringmain.secret.sources import in_file, in_safe
from ringmain.settings import VARIABLES, Settings


def with_key(settings: Settings) -> Settings:
    """The settings, with the key that a file holds or that `add` has kept, for the hub or for OpenAI.

    Raises `SetupError` as `get` does.
    """
    field = "key" if settings.url else "openai_api_key"
    if getattr(settings, field):
        return settings
    name = VARIABLES[field]
    # What is kept for OpenAI goes to no other address.
    elsewhere = not settings.url and settings.openai_base_url
    found = in_file(name) or (None if elsewhere else in_safe(name, settings))
    if found is None:
        return settings
    sources = {**settings.sources, field: found.source}
    return msgspec.structs.replace(settings, **{field: Secret(str(found)), "sources": sources})
