"""A workflow author's file: tasks of ours, and the same of the original plugin's."""

from flytekit import TaskMetadata, task, workflow
from flytekitplugins.openai import ChatGPTTask as OriginalTask

from ringmain.hosts.flyte import ChatGPTTask

CONFIG = {"model": "gpt-4o-mini", "temperature": 0.7, "max_tokens": 150, "n": 2, "seed": 7}
SYSTEM = {"role": "system", "content": "Answer as a pirate."}
SHOT = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Ahoy"}]

chat = ChatGPTTask(name="chat", chatgpt_config=CONFIG)
pirate = ChatGPTTask(name="pirate", chatgpt_config={"model": "gpt-4o-mini", "messages": [SYSTEM, *SHOT]})
plain = ChatGPTTask(name="plain", chatgpt_config={"model": "gpt-4o-mini"}, metadata=TaskMetadata(retries=2))
hasty = ChatGPTTask(name="hasty", chatgpt_config={"model": "hasty"}, timeout=1)
patient = ChatGPTTask(name="patient", chatgpt_config={"model": "patient"})
dropped = ChatGPTTask(name="dropped", chatgpt_config={"model": "dropped"})
full = ChatGPTTask(name="full", chatgpt_config=CONFIG, outputs="full", connection="second")
unpriced = ChatGPTTask(name="unpriced", chatgpt_config={"model": "nobody-knows"}, outputs="full")
elsewhere = ChatGPTTask(name="elsewhere", chatgpt_config={"model": "gpt-4o-mini"}, connection="second")
ours_only = ChatGPTTask(name="ours_only", chatgpt_config={"model": "gpt-4o-mini"}, connection="closed")
organized = ChatGPTTask(name="organized", chatgpt_config={"model": "gpt-4o-mini"}, openai_organization="org-flyte")

original = OriginalTask(name="original", chatgpt_config={**CONFIG, "logit_bias": {"50256": -100}})
original_plain = OriginalTask(name="original_plain", chatgpt_config={"model": "gpt-4o-mini"})

CASES = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p")
for case in CASES:
    # A model that fails again and again is left alone for a while, so that each case has one of its own.
    globals()[f"case_{case}"] = ChatGPTTask(name=f"case_{case}", chatgpt_config={"model": f"model-{case}"})


@task
def shout(text: str) -> str:
    return text.upper()


@workflow
def ask(prompt: str) -> str:
    return shout(text=chat(message=prompt))


@workflow
def compare(prompt: str) -> tuple[str, str]:
    return original(message=prompt), plain(message=prompt)
