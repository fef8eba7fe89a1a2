"""What ToolJet's OpenAPI data source makes of a document, by its rules of 2026-11 written down anew.

The document is pasted and read in the browser: a null anywhere ends that, and is told nobody. Auth is what `security`
at the top names. A query is a method of a path; its fields are the properties of the first content type's schema, one
direct reference resolved and no further. Header parameters are lost. What is filled in is sent as text, and what is
left blank is not sent. The answer is read as JSON.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

Shape = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Spinning(Exception):
    """The document cannot be read, and the form never appears."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One query as a builder sees it: what it is called, its help, its inputs with theirs."""

    method: str
    path: str
    help: str
    fields: dict[str, str]

    @property
    def title(self) -> str:
        """Under which it is chosen."""
        return f"{self.method.upper()} {self.path}"


class DataSource(msgspec.Struct, frozen=True):
    """What the pasted document gives."""

    host: str
    auth: tuple[tuple[str, str], ...]
    """Type and scheme of what can be filled in."""
    queries: dict[str, Query]

    def sent(self, path: str, filled: dict[str, str], key: str) -> tuple[str, str, dict[str, str], bytes]:
        """Method, address, headers and body of a query with this filled in."""
        query = self.queries[path]
        told = {name: value for name, value in filled.items() if name in query.fields and value != ""}
        headers = {"content-type": "application/json"}
        if ("http", "bearer") in self.auth:
            headers["authorization"] = f"Bearer {key}"
        return query.method.upper(), f"{self.host}{path}", headers, json.dumps(told).encode()


def pasted(text: str) -> DataSource:
    """The data source that a document becomes. Raises `Spinning`, and `ValueError` for a host that is no address."""
    document = json.loads(text)
    if None in list(_leaves(document)):
        raise Spinning
    host = document.get("servers", [{}])[0].get("url", "")
    parts = urlsplit(host)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("Invalid URL")
    return DataSource(host, tuple(_auth(document)), {query.path: query for query in _queries(document)})


def _leaves(node: Any) -> Iterator[Any]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
    if inner is None:
        yield node
    else:
        for child in inner:
            yield from _leaves(child)


def _auth(document: Shape) -> Iterator[tuple[str, str]]:
    schemes = document.get("components", {}).get("securitySchemes", {})
    for wanted in document.get("security", ()):
        for name in wanted:
            scheme = schemes.get(name, {})
            yield scheme.get("type", ""), scheme.get("scheme", "")


def _queries(document: Shape) -> Iterator[Query]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                told = operation.get("description") or operation.get("summary") or ""
                yield Query(method=method, path=path, help=told, fields=_fields(operation, document))


def _fields(operation: Shape, document: Shape) -> dict[str, str]:
    content = operation.get("requestBody", {}).get("content", {})
    first = next(iter(content.values()), {}).get("schema", {})
    schema = _resolved(first["$ref"], document) if "$ref" in first else first
    return {name: field.get("description", "") for name, field in schema.get("properties", {}).items()}


def _resolved(ref: str, document: Shape) -> Shape:
    node: Any = document
    for part in ref.removeprefix("#/").split("/"):
        node = node.get(part, {}) if "." not in part and "~" not in part else {}
    return node
