"""The task's type, and the types of what it gives."""

TASK_TYPE = "ringmain_chat"
"""A type of our own: two owners of one type would stop `import flytekit` for everybody."""

ORIGINAL_TYPE = "chatgpt"
"""The type of tasks that were registered with flytekitplugins-openai."""

INPUTS: dict[str, type] = {"message": str}

TEXT: dict[str, type] = {"o0": str}

FULL: dict[str, type] = {
    **TEXT,
    "choices": list[str],
    "usage": dict[str, int],
    "finish_reason": str,
    "model": str,
    "cost": str | None,  # pyright: ignore[reportAssignmentType]
}
"""What a task with `outputs="full"` gives; the cost is USD as a decimal string, None where no price is known."""
