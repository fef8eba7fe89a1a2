"""The OpenAPI document that is pasted into ToolJet's own OpenAPI data source.

ToolJet reads less of a document than others do (2026-11, its `frontend/src/_ui/OpenAPI` and `ref_resolver.js`): fields
only of flat bodies that stand where they are used, one absolute server, security at the top, no null anywhere.
"""

from typing import Any

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}

ANSWER: Shape = {
    "text": {**TEXT, "description": "The answer."},
    "model": {**TEXT, "description": "The model that gave it."},
    "finish_reason": {**TEXT, "description": "Why it ended: stop, or length where max_tokens cut it."},
    "usage": {"type": "object", "description": "input_tokens, output_tokens and total_tokens."},
    "cost": {**TEXT, "nullable": True, "description": "USD; empty where no price is known."},
    "notices": {"type": "array", "items": TEXT, "description": "What the hub did on its own."},
}


def document(url: str) -> Shape:
    """The document for the hub at this address."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "ringmain",
            "version": "1",
            "description": "Completions and Chat on any model of the team's hub.",
        },
        "servers": [{"url": f"{url.rstrip('/')}/hosts/tooljet"}],
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/completions": {
                "post": _query(
                    "completions",
                    "Completions",
                    "Goes on with a text. Only prompt is needed; the answer stands in data.text.",
                    _completion(),
                )
            },
            "/chat": {
                "post": _query(
                    "chat",
                    "Chat",
                    "Answers a question, or the next message of a conversation. Only prompt is needed; the answer "
                    "stands in data.text.",
                    _chat(),
                )
            },
        },
    }


def _query(name: str, title: str, told: str, fields: Shape) -> Shape:
    body = {"type": "object", "required": ["prompt"], "properties": fields}
    answer = {"type": "object", "properties": ANSWER}
    return {
        "operationId": name,
        "summary": title,
        "description": told,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": answer}}},
            "default": {"description": "What is wrong and what to do, below error."},
        },
    }


def _completion() -> Shape:
    return {
        "prompt": {**TEXT, "description": "The text to go on with."},
        **_both(most=1),
        "suffix": {**TEXT, "description": "The text that follows what is written."},
    }


def _chat() -> Shape:
    return {
        "prompt": {**TEXT, "description": "What is asked now."},
        "system_prompt": {**TEXT, "description": "Who the model is to be, and what it is to keep to."},
        "messages": {
            **TEXT,
            "description": "What was said before, as a JSON list of objects with role (user or assistant) and content.",
        },
        **_both(most=2),
        "suffix": {**TEXT, "description": "The text that will follow the answer; the model is told of it."},
    }


def _both(*, most: int) -> Shape:
    return {
        "model": {**TEXT, "description": "Empty: the one that the hub's admin has set."},
        "max_tokens": {
            "type": "integer",
            "minimum": 1,
            "description": "So many tokens at most, such as 50. Empty: as many as the model writes.",
        },
        "temperature": {
            "type": "number",
            "minimum": 0,
            "maximum": most,
            "description": f"From 0 to {most}: 0.2 is focused, 0.8 more random. Empty: the model's own.",
        },
        "stop_sequence": {**TEXT, "description": "The answer ends before this text, or one of a JSON list of texts."},
    }
