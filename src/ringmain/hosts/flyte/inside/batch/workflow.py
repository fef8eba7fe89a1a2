"""The three tasks as one workflow."""

from typing import Any, Iterator  # noqa: UP035 - flytekit knows no other

from flytekit import Resources, TaskMetadata, Workflow
from flytekit.models.security import Secret
from flytekit.types.file import JSONLFile
from flytekit.types.iterator import JSON

from ringmain.hosts.flyte.inside.batch.files import (
    BatchResult,
    DownloadJSONFilesTask,
    OpenAIFileConfig,
    UploadJSONLFileTask,
)
from ringmain.hosts.flyte.inside.batch.options import ENDPOINT, common
from ringmain.hosts.flyte.inside.batch.task import RESUBMITS, BatchEndpointTask


def create_batch(
    name: str,
    secret: Secret,
    openai_organization: str | None = None,
    config: dict[str, Any] | None = None,
    is_json_iterator: bool = True,
    file_upload_mem: str = "700Mi",
    file_download_mem: str = "700Mi",
    *,
    body: dict[str, Any] | None = None,
    connection: str | None = None,
    resubmits: int = RESUBMITS,
    retries: int = 0,
    base_url: str | None = None,
    container_image: str | None = None,
) -> Workflow:
    """A workflow that uploads rows, asks them in batches, and gives their answers in the order of the rows.

    Its input is `jsonl_in`: an iterator of rows, or with `is_json_iterator=False` a JSONL file; its output
    `batch_output`, a `BatchResult`. A row is a request of the Batch API, the body of one, or a text to ask.

    `secret` is for the two pods that upload and download, at `base_url` or where `OPENAI_BASE_URL` says there; the
    connector has the key of its `connection`, which must be at the same provider. `retries` is how often Flyte may try
    each of the three tasks again; another attempt pays for nothing that is under way or answered. `body` are the fields
    with which every request's body begins, such as the model. `container_image` has ringmain[flyte] in it; by default
    it is the image that the workflow is registered with. The rest is as in `BatchEndpointTask`.

    Raises `ValueError` for what no provider would take.
    """
    short = name.replace(".", "")
    endpoint = (config or {}).get("endpoint", ENDPOINT)
    files = OpenAIFileConfig(
        secret=secret, openai_organization=openai_organization, base_url=base_url, endpoint=endpoint, body=common(body)
    )
    metadata = TaskMetadata(retries=retries)
    upload = UploadJSONLFileTask(f"openai-file-upload-{short}", files, container_image, metadata=metadata)
    ask = BatchEndpointTask(
        f"openai-batch-{short}",
        config or {},
        openai_organization,
        connection=connection,
        resubmits=resubmits,
        metadata=metadata,
    )
    download = DownloadJSONFilesTask(f"openai-download-files-{short}", files, container_image, metadata=metadata)

    flow = Workflow(name=f"openai-batch-{short}")
    rows = flow.add_workflow_input("jsonl_in", Iterator[JSON] if is_json_iterator else JSONLFile)
    uploaded = flow.add_entity(upload, jsonl_in=rows)
    asked = flow.add_entity(ask, input_file_id=uploaded.outputs["result"])
    downloaded = flow.add_entity(download, batch_endpoint_result=asked.outputs["result"])
    for node, memory in ((uploaded, file_upload_mem), (downloaded, file_download_mem)):
        node.with_overrides(requests=Resources(mem=memory), limits=Resources(mem=memory))
    flow.add_workflow_output("batch_output", downloaded.outputs["result"], BatchResult)
    return flow
