"""Which task of which execution asks, as far as a connector is told."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import msgspec

_PREFIX = re.compile(r"/(?P<head>[^/]+)/(?P<node>[^/]+)/data/(?P<attempt>\d+)/?$")
"""How an output prefix of Propeller's ends: `…/project-domain-execution/node/data/attempt`."""

MOST = 200
"""Characters of a name in a header."""

ASKED_BY = "Asked by Flyte: "
"""How the book's sentence of who asked begins."""

OF_A_RUN = ("execution", "run", "node", "action", "attempt")
"""What tells one run of a task from another: an execution's node in Flyte 1, a run's action in Flyte 2."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; empty where nothing is known."""

    project: str = ""
    domain: str = ""
    task: str = ""
    version: str = ""
    execution: str = ""
    node: str = ""
    run: str = ""
    action: str = ""
    attempt: str = ""
    prefix: str = ""
    """What is the same where the same call comes again, and in no other; without it calls have no name."""

    @property
    def place(self) -> str:
        """Project and domain, as a book's account is named."""
        return f"{self.project}/{self.domain}" if self.project or self.domain else "flyte"

    @property
    def sentence(self) -> str:
        """Which task it was, for the book."""
        told = [(name, getattr(self, name)) for name in ("task", *OF_A_RUN)]
        parts = [f"{name} {value}" for name, value in told if value]
        return f"{ASKED_BY}{', '.join(parts)}." if parts else ""

    def headers(self, asked: bytes) -> dict[str, str]:
        """What a hub is told of who asks, and a name for this very call: a repeated one is not paid for twice."""
        told = {name: getattr(self, name) for name in ("project", "domain", "task", *OF_A_RUN)}
        named = {f"x-flyte-{name}": quote(value, safe=" -._~/:@+")[:MOST] for name, value in told.items() if value}
        return {**named, "idempotency-key": self._key(asked)} if self.prefix else named

    def _key(self, asked: bytes) -> str:
        digest = blake2b(digest_size=16)
        for part in (self.prefix, self.project, self.domain, self.task, self.version):
            digest.update(part.encode() + b"\0")
        digest.update(asked)
        return digest.hexdigest()


def without_origin(notices: Iterable[str]) -> tuple[str, ...]:
    """What a hub did on its own; who asked is the book's to know."""
    return tuple(notice for notice in notices if not notice.startswith(ASKED_BY))


def origin_of(id: Any, prefix: str) -> Origin:
    """The origin that a template's id and an output prefix tell of."""
    project, domain, task, version = (_text(id, name) for name in ("project", "domain", "name", "version"))
    found = _PREFIX.search(prefix or "")
    return Origin(
        project=project,
        domain=domain,
        task=task,
        version=version,
        execution=found["head"].removeprefix(f"{project}-{domain}-") if found else "",
        node=found["node"] if found else "",
        attempt=found["attempt"] if found else "",
        prefix=prefix or "",
    )


def _text(id: Any, name: str) -> str:
    value = getattr(id, name, "")
    return value if isinstance(value, str) else ""
