"""What went wrong, as Flyte 2 knows it: an error that is worth one of the task's retries, or one that is not."""

from collections.abc import Iterator
from contextlib import contextmanager

from flyte.errors import NonRecoverableError, RuntimeUserError

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import Connection
from ringmain.hosts.flyte.inside.holders import TASK
from ringmain.hosts.flyte.inside.outcome import RETRYABLE, told


class Unanswered(Exception):
    """An ask without an answer, as a traced step records it: the code and nothing else, and never to be replayed."""

    def __init__(self, error: RingmainError) -> None:
        super().__init__(error.code)
        self.error = error


@contextmanager
def failing(ask: Ask | None = None, connection: Connection | None = None) -> Iterator[None]:
    """A block of which Flyte is told what went wrong, with our sentence, its fix and our code."""
    try:
        yield
    except (RingmainError, Unanswered) as failed:
        error = failed.error if isinstance(failed, Unanswered) else failed
        message = told(error, ask or Ask(id=""), connection, TASK)
        if error.code in RETRYABLE:
            raise RuntimeUserError(error.code, message) from error
        raise NonRecoverableError(message, code=error.code) from error
