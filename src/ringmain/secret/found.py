"""A secret in somebody's hands."""


class Found(str):
    """A secret's text, which shows where it comes from and not itself.

    It is a text wherever a text is wanted: in a header, an f-string, a file. What a cell or a log shows is its `repr`.
    """

    source: str

    def __new__(cls, text: str, source: str = "") -> "Found":
        """The text, and the words for where it was found."""
        made = super().__new__(cls, text)
        made.source = source
        return made

    def __repr__(self) -> str:
        return f"<secret from {self.source or 'somewhere'}>"
