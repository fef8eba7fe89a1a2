# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can go wrong between Odoo and the connection: a code, one sentence for people, and the next step to take."""


def _lt(text: str) -> str:
    """The text as it is: the mark by which Odoo finds what is to be translated. Who shows it translates it."""
    return text


class Fault(Exception):
    """A call that did not end in an answer.

    `code` is for machines, `sentence` says what happened, `fix` what to do about it; none of them ever holds a key.
    `retry_after` is the number of seconds that the other side asks to wait, where it says so.
    `texts` are sentence and fix as they are translated, to be filled in with `values`.
    """

    def __init__(self, code: str, sentence: str, fix: str = "", *, retry_after: float | None = None, **values: str):
        self.code = code
        self.texts = (sentence, fix)
        self.values = values
        self.sentence, self.fix = (text % values if values else text for text in self.texts)
        self.retry_after = retry_after
        super().__init__(f"{self.sentence} {self.fix}".strip())
