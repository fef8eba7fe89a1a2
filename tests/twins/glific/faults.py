"""What goes wrong at Glific with a request that it has read."""

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One fault: "error" is a status of 500, "cut" a connection that ends without an answer, "slow" an answer that
    is held back until the test lets it go.

    `done` says that Glific has done its work before; otherwise it does none, or only once the answer is let go.
    """

    kind: str
    done: bool = False
