"""What the admin takes away: a connector's environment, image, secret and Helm values; for Flyte 2 an environment."""

from ringmain.exchange.account import Account
from ringmain.hosts import File

SECRET = "ringmain-flyte"  # noqa: S105
"""The Kubernetes secret's name."""

IMAGE = """\
# A connector that serves ChatGPTTask and create_batch. Build it, and name it below as the connector's image.
FROM python:3.12-slim
RUN pip install --no-cache-dir 'ringmain[flyte]' && useradd --create-home connector
USER connector
EXPOSE 8000 9090
# With the second line as well, tasks that were registered with flytekitplugins-openai are served too.
CMD ["pyflyte", "serve", "connector", "--port", "8000", "--prometheus_port", "9090", \\
     "--modules", "ringmain.hosts.flyte.inside.takeover"]
"""

FLYTE_2 = """\
# Tasks of this environment ask the hub. Once, before their first run on a cluster:
#   flyte create secret ringmain-key        (it asks for the value, which is RINGMAIN_KEY of ringmain.env)
import flyte

env = flyte.TaskEnvironment(
    name="asks",
    image=flyte.Image.from_debian_base().with_pip_packages("ringmain[flyte2]"),
    env_vars={"RINGMAIN_URL": ADDRESS},
    secrets=[flyte.Secret("ringmain-key", as_env_var="RINGMAIN_KEY")],
)
"""

HELM = """\
# Values for the chart flyte-binary; `inline` is Propeller's own configuration, wherever another chart has it.
configuration:
  inline:
    plugins:
      connector-service:
        defaultConnector:
          endpoint: "dns:///flyteconnector.flyte.svc.cluster.local:8000"
          insecure: true
          # Propeller stops listening after defaultTimeout, whatever a task's timeout says, unless it is told here.
          defaultTimeout: 10s
          timeouts:
            ExecuteTaskSync: 120s
    tasks:
      task-plugins:
        enabled-plugins:
          - container
          - sidecar
          - k8s-array
          - connector-service
        default-for-task-types:
          - container: container
          - container_array: k8s-array
          - ringmain_chat: connector-service
          - ringmain_batch: connector-service
          - chatgpt: connector-service
          - openai-batch: connector-service
"""


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The files for this account, address and key filled in."""
    base = url.rstrip("/")
    return (
        File(
            name="ringmain.env", title="The connector's environment", text=f"RINGMAIN_URL={base}\nRINGMAIN_KEY={key}\n"
        ),
        File(name="secret.yaml", title="The same as a Kubernetes secret", text=_secret(base, key)),
        File(name="Dockerfile", title="The connector's image", text=IMAGE),
        File(name="values.yaml", title="Propeller's Helm values", text=HELM),
        File(name="flyte2.py", title="For Flyte 2: the environment of tasks that ask", text=_flyte_2(base)),
    )


def _flyte_2(base: str) -> str:
    """Python, with the address as a text of it."""
    return FLYTE_2.replace("ADDRESS", repr(base))


def _secret(base: str, key: str) -> str:
    return (
        "apiVersion: v1\n"
        "kind: Secret\n"
        f"metadata: {{name: {SECRET}, namespace: flyte}}\n"
        "stringData:\n"
        f'  RINGMAIN_URL: "{base}"\n'
        f'  RINGMAIN_KEY: "{key}"\n'
        f"# In the connector's deployment:  envFrom: [{{secretRef: {{name: {SECRET}}}}}]\n"
    )
