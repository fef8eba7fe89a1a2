"""What a pod that uploads or downloads is told, and its client."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ringmain.errors import AskError
from ringmain.hosts.flyte.inside.batch.options import ENDPOINT
from ringmain.hosts.flyte.inside.batch.requests import Shape
from ringmain.hosts.flyte.inside.config import WIRE

TRIES = 4
"""How often a file is sent or fetched again that a provider did not take or give."""


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    """Which secret it has, whom it asks, and what all requests have in common.

    Unlike a connector's, the secret is one that the workflow's author may read anyway, so that an address may stand
    beside it.
    """

    group: str | None = None
    key: str | None = None
    group_version: str | None = None
    organization: str | None = None
    base_url: str | None = None
    endpoint: str = ENDPOINT
    body: dict[str, Any] = {}

    @property
    def shape(self) -> Shape:
        return Shape(endpoint=self.endpoint, body=self.body)

    def encode(self) -> str:
        """It as JSON, which keeps whole numbers whole."""
        return msgspec.json.encode(self).decode()


def pod_of(custom: Mapping[str, Any]) -> Pod:
    """What a template's custom part says. Raises `AskError("invalid_request")`."""
    try:
        return msgspec.json.decode(custom[WIRE], type=Pod)
    except (KeyError, TypeError, ValueError) as error:
        fix = "Register the workflow again."
        raise AskError("invalid_request", f"The task's template cannot be read: {error}.", fix=fix) from error


def client(pod: Pod, key: str) -> Any:
    """OpenAI's own client, as an author's code in a pod would have it."""
    from openai import OpenAI

    return OpenAI(api_key=key, organization=pod.organization, base_url=pod.base_url, max_retries=TRIES)
