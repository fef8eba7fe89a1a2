"""What the admin takes away: the settings that any OpenAI client reads, and one program to try them with."""

import json
import shlex

from ringmain.exchange.account import Account
from ringmain.hosts import File

TRY = '''"""Ask the ring once: `pip install openai`, then run this with the variables of ringmain.env set."""

from openai import OpenAI

client = OpenAI()
question = {"role": "user", "content": "How do I create a product?"}
# An empty model is the one that is set for this account or its connection.
answer = client.chat.completions.create(model="", messages=[question])
print(answer.choices[0].message.content)
'''


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The files for this account, address and key filled in."""
    base = f"{url.rstrip('/')}/v1"
    model = account.model or next(iter(account.models), "")
    return (
        File(name="ringmain.env", title="Environment", text=f"OPENAI_BASE_URL={base}\nOPENAI_API_KEY={key}\n"),
        File(name="try_ringmain.py", title="A first ask in Python", text=TRY),
        File(name="try_ringmain.sh", title="A first ask with curl", text=_curl(base, key, model)),
    )


def _curl(base: str, key: str, model: str) -> str:
    named = {"model": model} if model else {}
    body = json.dumps({**named, "messages": [{"role": "user", "content": "How do I create a product?"}]})
    return (
        f"curl {base}/chat/completions \\\n"
        f"  -H 'Authorization: Bearer {key}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}\n"
    )
