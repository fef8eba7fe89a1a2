"""The tasks around it: rows become files at the provider, and what came of them becomes files of Flyte's."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flytekit
from flytekit import Resources
from flytekit.configuration import SerializationSettings
from flytekit.core.interface import Interface
from flytekit.core.python_customized_container_task import PythonCustomizedContainerTask
from flytekit.core.shim_task import ShimTaskExecutor
from flytekit.models.security import Secret
from flytekit.models.task import TaskTemplate
from flytekit.types.file import JSONLFile
from mashumaro.mixins.json import DataClassJSONMixin

from ringmain.hosts.flyte.inside.batch.fetching import fetched
from ringmain.hosts.flyte.inside.batch.joining import joined
from ringmain.hosts.flyte.inside.batch.options import ENDPOINT
from ringmain.hosts.flyte.inside.batch.pods import Pod, client, pod_of
from ringmain.hosts.flyte.inside.batch.requests import written
from ringmain.hosts.flyte.inside.batch.types import DOWNLOAD_TYPE, UPLOAD_TYPE
from ringmain.hosts.flyte.inside.config import WIRE

MEMORY = "700Mi"


@dataclass
class BatchResult(DataClassJSONMixin):
    """What came of the rows, in their order: each stands in one of the two files, which are None where none does."""

    output_file: JSONLFile | None = None
    error_file: JSONLFile | None = None


@dataclass
class OpenAIFileConfig:
    """Whose files they are: the secret with the key, and where; and what every request has in common."""

    secret: Secret
    openai_organization: str | None = None
    base_url: str | None = None
    endpoint: str = ENDPOINT
    body: dict[str, Any] = field(default_factory=dict)


class _FileTask(PythonCustomizedContainerTask[OpenAIFileConfig]):
    """A task in a pod that has the secret, in the image of its workflow unless it names another."""

    TYPE: str
    EXECUTOR: type[ShimTaskExecutor]
    INTERFACE: Interface

    def __init__(
        self, name: str, task_config: OpenAIFileConfig, container_image: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(
            name=name,
            task_config=task_config,
            task_type=self.TYPE,
            executor_type=self.EXECUTOR,
            container_image=container_image,
            interface=self.INTERFACE,
            secret_requests=[task_config.secret],
            **{"requests": Resources(mem=MEMORY), **kwargs},
        )

    def get_custom(self, settings: SerializationSettings) -> dict[str, Any]:
        """What the pod is told: the secret's name, and never what it holds."""
        config, secret = self.task_config, self.task_config.secret
        pod = Pod(
            group=secret.group,
            key=secret.key,
            group_version=secret.group_version,
            organization=config.openai_organization,
            base_url=config.base_url,
            endpoint=config.endpoint,
            body=config.body,
        )
        return {"openai_organization": config.openai_organization, WIRE: pod.encode()}


class UploadJSONLFileExecutor(ShimTaskExecutor["UploadJSONLFileTask"]):
    """What the first pod does."""

    def execute_from_model(self, tt: TaskTemplate, **kwargs: Any) -> str:
        """The ids of the files, with commas between them."""
        pod = pod_of(tt.custom)
        rows = Path(kwargs["jsonl_in"].download())
        with _folder() as folder, rows.open("rb") as lines, _client(pod) as openai:
            ids = []
            for path in written(lines, pod.shape, folder):
                with path.open("rb") as content:
                    ids.append(openai.files.create(file=content, purpose="batch").id)
            return ",".join(ids)


class DownloadJSONFilesExecutor(ShimTaskExecutor["DownloadJSONFilesTask"]):
    """What the last pod does."""

    def execute_from_model(self, tt: TaskTemplate, **kwargs: Any) -> BatchResult:
        """The two files."""
        out = _working_directory()
        output, errors = out / "output_file.jsonl", out / "error_file.jsonl"
        with _folder() as folder, _client(pod_of(tt.custom)) as openai:
            counted = joined(fetched(openai, kwargs["batch_endpoint_result"], folder), output, errors)
        return BatchResult(
            output_file=JSONLFile(str(output)) if counted.answered else None,
            error_file=JSONLFile(str(errors)) if counted.others else None,
        )


class UploadJSONLFileTask(_FileTask):
    """A task that uploads rows: input `jsonl_in`, output `result`, the ids of the files that they became."""

    TYPE = UPLOAD_TYPE
    EXECUTOR = UploadJSONLFileExecutor
    INTERFACE = Interface(inputs={"jsonl_in": JSONLFile}, outputs={"result": str})


class DownloadJSONFilesTask(_FileTask):
    """A task that downloads what came of batches: input `batch_endpoint_result`, output `result`."""

    TYPE = DOWNLOAD_TYPE
    EXECUTOR = DownloadJSONFilesExecutor
    INTERFACE = Interface(inputs={"batch_endpoint_result": dict}, outputs={"result": BatchResult})


@contextmanager
def _client(pod: Pod) -> Iterator[Any]:
    """OpenAI's client with the pod's secret."""
    secrets = flytekit.current_context().secrets
    key = secrets.get(group=pod.group, key=pod.key, group_version=pod.group_version)
    with client(pod, str(key).strip()) as made:
        yield made


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that goes when it is left."""
    with tempfile.TemporaryDirectory(prefix="ringmain-") as folder:
        yield Path(folder)


def _working_directory() -> Path:
    """The task's own folder, whose files are kept until Flyte has taken them."""
    return Path(tempfile.mkdtemp(dir=flytekit.current_context().working_directory))
