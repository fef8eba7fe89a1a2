"""OpenAI's wire: a request → an ask; a reply → an answer; an error → a refusal."""

from ringmain.hosts.openai.wire.asking import read
from ringmain.hosts.openai.wire.refusing import refuse
from ringmain.hosts.openai.wire.writing import models, stream, write

__all__ = ["models", "read", "refuse", "stream", "write"]
