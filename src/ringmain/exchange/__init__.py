"""The core: a message in, an answer out; no network, disk, clock or environment.

An ask passes these stages, one way and each once:

    recall     which earlier turns travel along
    resolve    ask + account + connection + turns → a plan
    guard      account, rate and budget → a hold, or a refusal
    provider   plan → the provider's bytes, and what it said → pieces or a whole answer
    judge      after an attempt that failed: again, in another mode, without a parameter, or refuse
    ledger     plan + reply → one line of the book

`ringmain.hub` walks them in this order and does the waiting in between.
"""

from ringmain.exchange.guard import admit, guard, reserve
from ringmain.exchange.judge import judge, without
from ringmain.exchange.ledger import answered, begun, broken, failed, held, opened
from ringmain.exchange.recall import recall, remember
from ringmain.exchange.resolve import again, choose, pick, resolve

__all__ = [
    "admit",
    "again",
    "answered",
    "begun",
    "broken",
    "choose",
    "failed",
    "guard",
    "held",
    "judge",
    "opened",
    "pick",
    "recall",
    "remember",
    "reserve",
    "resolve",
    "without",
]
