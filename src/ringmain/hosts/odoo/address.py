"""Which addresses an answer may go to: those below the one that the account has for its Odoo."""

from urllib.parse import SplitResult, unquote, urlsplit

PORTS = {"http": 80, "https": 443}


def below(url: str, base: str) -> bool:
    """Whether a URL leads to the Odoo at `base`, and nowhere else, whoever reads it."""
    try:
        asked, held = urlsplit(url), urlsplit(base)
        same = bool(held.hostname) and _place(asked) == _place(held)
    except ValueError:
        return False
    odd = "\\" in url or any(ord(sign) <= 0x20 or sign == "\x7f" for sign in url) or asked.username is not None
    return same and not odd and _inside(asked.path, held.path)


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def _inside(path: str, base: str) -> bool:
    # A proxy may read what is encoded before it looks for steps up.
    steps = unquote(path).replace("\\", "/").split("/")
    return path.startswith(f"{base.rstrip('/')}/") and not {".", ".."} & set(steps)
