"""What was heard of an answer so far."""

from collections.abc import Iterator, Sequence

import msgspec

from ringmain.errors import ProviderError
from ringmain.exchange.audio import Audio
from ringmain.exchange.heard import Heard, empty, interrupted
from ringmain.exchange.line import Line
from ringmain.exchange.modes.tools import Calls
from ringmain.exchange.plan import Plan
from ringmain.exchange.prices import cost
from ringmain.exchange.reply import Choice, Message, Piece, Reply, Usage, together
from ringmain.exchange.tokens import estimate


class _Growing(msgspec.Struct):
    """One choice of a stream."""

    texts: list[str] = []
    finish_reason: str | None = None
    calls: Calls | None = None

    @property
    def text(self) -> str:
        """What was said so far."""
        return "".join(self.texts)

    def whole(self, index: int) -> Choice:
        """The choice, once all of it was heard."""
        message = Message(self.text, tool_calls=self.calls.whole() if self.calls else None)
        return Choice(index, message, self.finish_reason)


class Tally(msgspec.Struct):
    """Adds up pieces and whole answers of one ask, over all its provider calls."""

    _choices: dict[int, Choice | _Growing] = {}
    _call: set[int] = set()
    """The choices of the call under way."""
    _ended: list[Usage] = []
    """Of each call that has ended: what the provider counted, or nothing."""
    _uncounted: dict[int, set[int]] = {}
    """The choices of those among them that the provider did not count, by their place."""
    _counting: Usage | None = None
    """Of the call under way; some servers count up in every piece."""
    _done: bool = False
    _audio: Audio | None = None
    _model: str = ""
    """As the provider names it."""
    begun: bool = False
    """Whether anything of the answer was heard, or counted at its end."""

    def whole(self, heard: Heard, plan: Plan) -> Iterator[Piece]:
        """Take in a whole answer; the pieces that a streaming host is shown of it, made when they are asked for.

        Raises `ProviderError("upstream_empty")` where it had no choice.
        """
        choices, usage = heard.choices, heard.usage
        if not (choices or heard.audio) and plan.mode != "embeddings":
            self._counting = usage
            raise self._empty(plan.connection.name)
        self.begun, self._model, self._audio = True, heard.model, heard.audio
        first = len(self._choices)
        if first:
            choices = tuple([msgspec.structs.replace(choice, index=first + choice.index) for choice in choices])
        for choice in choices:
            self._choices[choice.index] = choice
        if usage is None:
            self._uncounted[len(self._ended)] = {choice.index for choice in choices}
        self._ended.append(usage or Usage())
        return _pieces(choices)

    def add(self, piece: Piece) -> None:
        """Take in a piece of a stream."""
        self._counting = piece.usage or self._counting
        self._done = self._done or piece.done
        self._model = piece.model or self._model
        self._add(piece)
        for other in piece.others:
            self._add(other)

    def _add(self, piece: Piece) -> None:
        if piece.text or piece.finish_reason or piece.tool_calls:
            self._call.add(piece.index)
            choice = self._choices.get(piece.index)
            if not isinstance(choice, _Growing):
                self.begun = True
                choice = self._choices[piece.index] = _Growing()
            choice.texts.append(piece.text)
            if piece.tool_calls:
                choice.calls = choice.calls or Calls()
                choice.calls.add(piece.tool_calls)
            if piece.finish_reason:
                choice.finish_reason = piece.finish_reason

    def complete(self, connection: str) -> None:
        """Nothing, where the call's stream was whole; some servers leave out `[DONE]`, so reasons to finish are enough.

        Raises `ProviderError`: `stream_interrupted`, or `upstream_empty` where it had no choice.
        """
        finished = bool(self._call) and all(self._choices[index].finish_reason for index in self._call)
        if not self._done and not finished:
            raise interrupted(connection)
        if not self._call:
            raise self._empty(connection)
        self._done = False
        self._end_call()

    def _empty(self, connection: str) -> ProviderError:
        """The error of a call without a choice; where the provider has counted it, that is what it cost."""
        error = empty(connection)
        if self._counting is not None:
            self.begun, error.billed = True, False
        return error

    def _end_call(self) -> None:
        if self._counting is None:
            self._uncounted[len(self._ended)] = self._call
        self._ended.append(self._counting or Usage())
        self._counting, self._call = None, set()

    @property
    def hears(self) -> bool:
        """Whether anything was heard of the call under way."""
        return bool(self._call)

    def usage(self, expected: Sequence[Usage]) -> tuple[tuple[Usage, ...], tuple[str, ...]]:
        """The tokens of each call, as the provider counted them; where it did not, an estimate and a notice of it.

        `expected` has the estimate of each call's input.
        """
        if self._call or self._counting:
            self._end_call()
        if not self._uncounted:
            return tuple(self._ended), ()
        calls = tuple(map(self._took, range(len(self._ended)), expected))
        what = "seconds" if calls[0].audio_milliseconds and not calls[0].input_tokens else "tokens"
        return calls, (f"The provider did not count the {what}; these are estimated.",)

    def _took(self, at: int, expected: Usage) -> Usage:
        choices = self._uncounted.get(at)
        if choices is None:
            return self._ended[at]
        written = sum(estimate(self._choices[index].text) for index in choices)
        if expected.audio_milliseconds or expected.characters:
            most = expected.output_tokens
            return msgspec.structs.replace(expected, output_tokens=min(written, most) if choices else most)
        return Usage(expected.input_tokens, written)

    def notices(self) -> tuple[str, ...]:
        """What the asker should know of how the answer ended."""
        for choice in self._choices.values():
            if choice.finish_reason == "length" and not choice.text:
                return ("The answer is empty, because all of max_tokens went into thinking; raise it.",)
        return ()

    def reply(
        self,
        plan: Plan,
        line: Line,
        calls: Sequence[Usage],
        *,
        notices: tuple[str, ...],
        milliseconds: int,
        raw: bytes | None,
    ) -> Reply:
        """The finished reply, with the tokens of each call."""
        return Reply(
            id=line.id,
            wire=plan.ask.wire,
            mode=plan.mode,
            model=plan.model.id or self._model,
            choices=tuple(map(self._choice, sorted(self._choices))),
            usage=together(calls),
            picodollars=cost(plan.model.price, *calls),
            notices=notices,
            milliseconds=milliseconds,
            account=plan.account.name,
            connection=plan.connection.name,
            demo=line.demo,
            raw=raw,
            audio=self._audio,
            created=line.at // 1000,
        )

    def _choice(self, index: int) -> Choice:
        choice = self._choices[index]
        return choice.whole(index) if isinstance(choice, _Growing) else choice


def _pieces(choices: Sequence[Choice]) -> Iterator[Piece]:
    for choice in choices:
        yield Piece(text=choice.text, index=choice.index, tool_calls=choice.message.tool_calls)
        yield Piece(index=choice.index, finish_reason=choice.finish_reason)
