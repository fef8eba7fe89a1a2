"""What can go wrong on the way to a provider and back, in ringmain's words, naming host and port."""

import os
import ssl

from ringmain.errors import ProviderError, SetupError


def unreached(code: str, sentence: str) -> ProviderError:
    """The error of a provider to which nothing was sent."""
    return ProviderError(code, sentence, fix="Check the base URL and the network.")


def unresolved(place: object) -> ProviderError:
    """The error of a name that nobody knows."""
    return unreached("upstream_unreachable", f"The name of {place} cannot be resolved.")


def untrusted(place: object, error: BaseException) -> ProviderError:
    """The error of a certificate that cannot be trusted, or of no TLS at all."""
    return unreached("upstream_tls", f"{place} has no certificate that can be trusted ({reason(error)}).")


def silent(place: object, seconds: float) -> ProviderError:
    """The error of a place that takes no connection in time."""
    return unreached("upstream_unreachable", f"{place} does not answer within {seconds:g} seconds.")


def refused(place: object, error: BaseException) -> ProviderError:
    """The error of a place that takes no connection."""
    return unreached("upstream_unreachable", f"{place} cannot be reached ({reason(error)}).")


def too_late(place: object) -> ProviderError:
    """The error of a deadline that passed before there was a connection."""
    return ProviderError(
        "deadline_exceeded",
        f"{place} was not reached in the time that was left.",
        fix="Raise the connection's --timeout, or check the network.",
    )


def unfinished(place: object) -> ProviderError:
    """The error of a deadline that passed after the request was sent."""
    return ProviderError(
        "deadline_exceeded",
        f"{place} did not finish its answer in time.",
        fix="Raise the connection's --timeout, or ask for a shorter answer.",
        billed=True,
    )


def broken_off(place: object, error: BaseException) -> ProviderError:
    """The error of a connection that ended after the request was sent."""
    return ProviderError(
        "upstream_ambiguous",
        f"{place} broke off the connection ({reason(error)}).",
        fix="Ask again; nobody knows whether the provider has charged for the first time.",
        billed=True,
    )


def unwritable(place: object) -> SetupError:
    """The error of a header that would be two."""
    return SetupError(
        "invalid_setting",
        f"A header of the call to {place} cannot be written.",
        fix="See that the connection's key, organization and project are one line of plain text each.",
    )


def reason(error: BaseException) -> str:
    """The system's own words, without the address, which is named already."""
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    text = str(getattr(inner, "strerror", None) or inner)
    if isinstance(inner, ssl.SSLCertVerificationError):
        text = inner.verify_message
    elif isinstance(inner, OSError) and inner.errno and inner.errno > 0 and not isinstance(inner, ssl.SSLError):
        text = os.strerror(inner.errno)
    return text[:200] or type(error).__name__
