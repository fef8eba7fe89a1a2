# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can go wrong between Odoo and the connection: a code, one sentence for people, and the next step to take."""


class Fault(Exception):
    """A call that did not end in an answer.

    `code` is for machines, `sentence` says what happened, `fix` what to do about it; none of them ever holds a key.
    `retry_after` is the number of seconds that the other side asks to wait, where it says so.
    """

    def __init__(self, code: str, sentence: str, fix: str = "", *, retry_after: float | None = None):
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.fix = fix
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.sentence} {self.fix}".strip()
