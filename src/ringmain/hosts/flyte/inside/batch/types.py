"""The tasks' types, and the types of what they take and give."""

TASK_TYPE = "ringmain_batch"
"""A type of our own: two owners of one type would stop `import flytekit` for everybody."""

ORIGINAL_TYPE = "openai-batch"
"""The type of tasks that were registered with flytekitplugins-openai."""

UPLOAD_TYPE, DOWNLOAD_TYPE = "ringmain_batch_upload", "ringmain_batch_download"
"""Types that Flyte runs as containers, as it does with all that it does not know."""

INPUTS: dict[str, type] = {"input_file_id": str}

OUTPUTS: dict[str, type] = {"result": dict}
