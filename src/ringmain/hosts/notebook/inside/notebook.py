"""One notebook: the shell with its variables, and what was chosen for all of its cells."""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from keyword import iskeyword
from typing import Any

from ringmain.errors import AskError, RingmainError
from ringmain.sync import Hub, default_hub

CUT_OFF = "Interrupted: the provider was cut off, and the book has the line."


class Notebook:
    """What the magics of one shell share."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.connection: str | None = None
        """What %connection has chosen."""
        self.chat: str | None = None
        """The conversation that was gone on with last."""
        self.systems: dict[str, str] = {}
        """Of each conversation the system message that it was given last."""

    @property
    def hub(self) -> Hub:
        """What `ringmain.ask` works with."""
        return default_hub()

    def names(self, local: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """The variables that a cell sees."""
        return ChainMap(dict(local or {}), self.shell.user_ns)

    def put(self, name: str | None, value: Any) -> None:
        """Set a variable, where one was named."""
        if name is not None:
            self.shell.push({name: value})


def check_name(name: str | None) -> None:
    """Nothing, where a variable may have this name. Raises `AskError("invalid_request")`."""
    if name is not None and (not name.isidentifier() or iskeyword(name)):
        raise AskError("invalid_request", f"--into cannot be '{name[:60]}'.", fix="Name a variable.", param="into")


@contextmanager
def told(interrupted: str = "Interrupted.") -> Iterator[None]:
    """A block whose failure a cell shows as one sentence with its fix; it is one all the same, so that no cell below
    runs on without an answer. `interrupted` is what is said where the stop button ends it."""
    try:
        yield
    except RingmainError as error:
        raise _brief(error, str(error)) from None
    except KeyboardInterrupt as error:
        raise _brief(error, interrupted) from None


def _brief(error: BaseException, sentence: str) -> BaseException:
    """The same error, which IPython shows as this sentence and without a trace."""
    error._render_traceback_ = lambda: [sentence]  # pyright: ignore[reportAttributeAccessIssue]
    # Where a group of errors came before, IPython would show all of them in Python's own way.
    error.__context__ = None
    return error
