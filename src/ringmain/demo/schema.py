"""A small value that fits a JSON schema."""

from typing import Any

Schema = dict[str, Any]

DEEPEST = 16
"""Levels after which a schema that refers to itself gets null."""

LONGEST = 1000
"""Items and characters that a schema may demand."""

WORD = "[demo]"


def example(schema: Schema) -> Any:
    """The smallest sensible value of this schema: required properties, or all where none is required."""
    return _value(schema, schema, 0)


def _value(schema: Any, root: Schema, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    if "$ref" in schema:
        return _value(_found(schema["$ref"], root), root, depth + 1)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return _value(schema[choice][0], root, depth + 1)
    return _of_type(schema, root, depth)


def _of_type(schema: Schema, root: Schema, depth: int) -> Any:
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) and kind else kind:
        case "object":
            return _object(schema, root, depth)
        case "array":
            return [_value(schema.get("items"), root, depth + 1)] * min(schema.get("minItems", 0), LONGEST)
        case "string":
            return _string(schema)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return False
    return None


def _object(schema: Schema, root: Schema, depth: int) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    names = schema.get("required") or list(properties)
    return {name: _value(properties.get(name), root, depth + 1) for name in names}


_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "demo@example.com",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def _string(schema: Schema) -> str:
    text = _FORMATS.get(schema.get("format", ""), WORD)
    return text.ljust(min(schema.get("minLength", 0), LONGEST), ".")[: schema.get("maxLength")]


def _number(schema: Schema) -> int | float:
    if "minimum" in schema:
        return schema["minimum"]
    if "exclusiveMinimum" in schema:
        return schema["exclusiveMinimum"] + 1
    highest = schema.get("maximum", schema.get("exclusiveMaximum", 1) - 1)
    return min(0, highest)


def _found(reference: str, root: Schema) -> Any:
    """What a reference inside the schema points at."""
    place: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        place = place.get(step) if step and isinstance(place, dict) else place
    return place
