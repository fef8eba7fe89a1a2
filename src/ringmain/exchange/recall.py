"""Which earlier turns travel along with an ask."""

from collections.abc import Sequence

from ringmain.exchange.account import Account, Memory
from ringmain.exchange.ask import OF_SOUND, Ask, Message, text_of
from ringmain.exchange.line import Turn
from ringmain.exchange.reply import Reply
from ringmain.exchange.tokens import estimate


def recall(turns: Sequence[Turn], memory: Memory) -> tuple[Message, ...]:
    """The newest turns that fit the account's window of turns and tokens, oldest first.

    A window never begins with an answer whose question fell out of it.
    """
    if not turns:
        return ()
    room, kept = memory.tokens, list[Turn]()
    for turn in reversed(turns[-memory.turns :] if memory.turns else ()):
        room -= estimate(turn.content)
        if room < 0:
            break
        kept.append(turn)
    while kept and kept[-1].role == "assistant":
        kept.pop()
    return tuple({"role": turn.role, "content": turn.content} for turn in reversed(kept))


def remember(ask: Ask, reply: Reply, *, account: Account, at: int) -> tuple[Turn, ...]:
    """The turns that this ask adds to its conversation: what the user said last, and the answer.

    None where the account remembers nothing; nor is what was heard or spoken a turn, but the chat in between.
    """
    if not ask.conversation or not account.memory.turns or ask.wire in OF_SOUND:
        return ()
    asked = next((text_of(m.get("content")) for m in reversed(_asked(ask)) if m["role"] == "user"), "")
    said = [(role, text) for role, text in (("user", asked), ("assistant", reply.text)) if text]
    return tuple(
        Turn(
            account_id=account.id,
            conversation=ask.conversation,
            ask_id=ask.id,
            seq=seq,
            at=at,
            role=role,
            content=text,
        )
        for seq, (role, text) in enumerate(said)
    )


def _asked(ask: Ask) -> tuple[Message, ...]:
    """The ask as messages; of several prompts the first, as it is the first answer that is remembered."""
    return ask.messages or tuple({"role": "user", "content": p} for p in ask.prompts[:1] if isinstance(p, str))
