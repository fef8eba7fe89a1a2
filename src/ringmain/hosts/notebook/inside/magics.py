"""The magics: `%ask`, `%%ask`, `%chat`, `%%chat`, `%usage`, `%connection`."""

from collections.abc import Callable, Mapping
from inspect import getdoc
from typing import Any, TypeVar

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, needs_local_scope, no_var_expand

from ringmain.admin.parameters import Rule
from ringmain.hosts.notebook.inside import asking
from ringmain.hosts.notebook.inside.asked import is_shown_again
from ringmain.hosts.notebook.inside.flags import ASKING, CHATTING, check_rows, described
from ringmain.hosts.notebook.inside.notebook import CUT_OFF, Notebook, told

M = TypeVar("M", bound=Callable[..., Any])

Local = dict[str, Any] | None


def _with(flags: Mapping[str, Rule]) -> Callable[[M], M]:
    """The same magic, whose help has its flags."""

    def described_so(magic: M) -> M:
        magic.__doc__ = f"{getdoc(magic)}\n\nFlags:\n\n{described(flags)}\n"
        return magic

    return described_so


@magics_class
class RingmainMagics(Magics):
    """What a notebook asks with; the variables of one cell travel in `{braces}`."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.notebook = Notebook(shell)

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    @_with(ASKING)
    def ask(self, line: str, cell: str | None = None, local_ns: Local = None) -> Any:
        """Ask a model.

        %ask what is this good for?
        %%ask --model MODEL --system "Answer in one sentence." --into answer
        What does {name} mean?

        {name}, {name.part} and {name[0]} are variables of the notebook, {{name}} is {name}.
        """
        with told(CUT_OFF):
            value = self._ask(line, cell, self.notebook.names(local_ns))
        return None if cell is not None or is_shown_again(self.shell) else value

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    @_with(CHATTING)
    def chat(self, line: str, cell: str | None = None, local_ns: Local = None) -> Any:
        """Ask in a conversation that is remembered.

        %%chat products --system "You are the help desk of a small shop."
        How do I create a product?

        %chat                          the conversations that there are
        %chat products and a variant?  goes on with one
        %chat --show products          what was said
        %chat --save FILE products     the same as Markdown, or in a file that ends in .json as messages
        %chat --clear products         forget it
        """
        from ringmain.hosts.notebook.inside import chatting

        with told(CUT_OFF):
            value = chatting.chat(self.notebook, line, cell, self.notebook.names(local_ns))
        return None if cell is not None or is_shown_again(self.shell) else value

    @line_magic
    def usage(self, line: str) -> None:
        """Tokens and money so far, by account and model.

        Alone it is the whole of the user's own book; with a hub what this kernel has asked, as the hub has the rest.
        """
        from ringmain.hosts.notebook.inside import usage

        with told():
            usage.show(self.notebook)

    @line_magic
    def connection(self, line: str) -> None:
        """Which connection the cells of this notebook ask.

        %connection          those that there are
        %connection NAME     choose one
        %connection --reset  take the default one again
        %connection --test   try the one that is chosen
        """
        from ringmain.hosts.notebook.inside import connecting

        with told():
            connecting.connection(self.notebook, line)

    def _ask(self, line: str, cell: str | None, names: Mapping[str, Any]) -> Any:
        said = asking.read_line(line, ASKING, names)
        question = asking.question(said, cell)
        check_rows(said)
        if "each" not in said.flags:
            prompt = asking.prompt(said, question, names)
            return asking.ask(self.notebook, said, prompt, asking.words(self.notebook, said))
        from ringmain.hosts.notebook.inside import rows

        return rows.ask(self.notebook, said, question, names)
