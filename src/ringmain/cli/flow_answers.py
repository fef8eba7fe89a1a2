"""Who answers a flow's webhooks on the command line."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ringmain.cli.frame import WrongCall, hub_url, one_provider
from ringmain.cli.options import Demo, pair
from ringmain.errands import Errands
from ringmain.errors import AskError
from ringmain.exchange.reply import Reply
from ringmain.hosts.glific.flows.webhooks import Carry
from ringmain.hub import AsyncHub
from ringmain.network import Network
from ringmain.play.webhooks import answered_here, either, from_files, over_http, timed


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Answers:
    """The options that say who answers."""

    connection: Annotated[str | None, Parameter(help="The connection; else the default one.")] = None
    model: Annotated[str | None, Parameter(help="The model, whatever the flow names.")] = None
    demo: Demo = False
    http: Annotated[
        bool, Parameter(negative="", show_default=False, help="Call the addresses that the flow names.")
    ] = False
    phrase_env: Annotated[
        str | None, Parameter(help="The variable with the phrase by which such calls are signed.")
    ] = None
    answer: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="NAME=FILE: the JSON that a function or an address answers."),
    ] = ()

    @asynccontextmanager
    async def carried(self, hub: AsyncHub) -> AsyncIterator[tuple[Carry, list[Reply]]]:
        """What answers, and the list of replies that it adds those of the hub to."""
        one_provider(self.connection, self.demo)
        replies, errands = list[Reply](), Errands(await hub.start(), url=hub_url(hub.ring))
        here = answered_here(errands, connection=self.connection, model=self.model, heard=replies.append)
        canned, phrase, network = self._canned(), self._phrase(), Network()
        address = over_http(network, phrase=phrase) if self.http else here
        try:
            yield timed(from_files(canned, either(function=here, address=address))), replies
        finally:
            await network.close()

    def _canned(self) -> dict[str, bytes]:
        named = dict(pair(one, "--answer", "NAME=FILE") for one in self.answer)
        return {name: _bytes(Path(file)) for name, file in named.items()}

    def _phrase(self) -> str | None:
        if self.phrase_env is None:
            return None
        if not self.http:
            raise WrongCall("--phrase-env signs calls over HTTP, of which there are none.", "Give --http too.")
        phrase = os.environ.get(self.phrase_env)
        if not phrase:
            raise WrongCall(f"The variable {self.phrase_env} is not set.", "Set it to Glific's signature phrase.")
        return phrase


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise AskError("invalid_request", f"{file} cannot be read: {error.strerror}.", fix="Check the path.") from error
