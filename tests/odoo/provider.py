"""A provider that takes its time and repeats what it was asked, so that answers can be told from one another."""

import time
from typing import Any

from tests.journeys.provider import USAGE, Provider

RICH = """You asked for a **quotation**. In *Sales*:

1. Open *Orders → Quotations* and press **New**.
2. Choose the customer, then add products:
   - by name, or
   - by their internal reference, such as `FURN_7800`.
3. Press **Send**.

```
sale.order: draft → sent → sale
```

See [the documentation](https://www.odoo.com/documentation/19.0/), and not [this](javascript:alert(1))
<script>document.title = "taken over"</script><img src=x onerror="document.title = 'taken over'">
"""

KNOWN = ("gpt-4o-mini", "gpt-3.5-turbo-instruct", "text-embedding-3-small")
"""Models of which prices and modes are known."""

SAID = {"mute": "", "rich": RICH}


class Repeating(Provider):
    """`late-5` and its like say after so many seconds what they were asked; the rest is as every raw provider's.

    `mute` answers without a word, and `rich` with everything that an answer may be made of, and may not.
    """

    models = (*"quick late-0 late-2 late-5 mute rich".split(), *KNOWN)

    def answer(self, call: Any, body: dict[str, Any]) -> None:
        """Do what the model's name says."""
        name, _, seconds = body["model"].partition("-")
        if name not in ("late", *SAID):
            super().answer(call, body)
            return
        self.note(call, body)
        time.sleep(float(seconds or 0))
        text = f"You asked: {question(body)}" if name == "late" else SAID[name]
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        call.send(200, {"model": body["model"], "choices": [choice], "usage": USAGE})

    def questions(self) -> list[str]:
        """The last thing that each call has asked."""
        return [question(body) for body in tuple(self.bodies)]

    def of(self, words: str) -> list[dict[str, Any]]:
        """The calls that asked something with these words in it."""
        return [body for body in tuple(self.bodies) if words in question(body)]


def question(body: dict[str, Any]) -> str:
    """What the last message of a call asks."""
    return body["messages"][-1]["content"]
