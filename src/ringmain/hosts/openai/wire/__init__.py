"""OpenAI's wire: a request → an ask; a reply → an answer; an error → a refusal."""

from ringmain.hosts.openai.wire.asking import read
from ringmain.hosts.openai.wire.writing import models, stream, write
from ringmain.hosts.refusing import refuse

__all__ = ["models", "read", "refuse", "stream", "write"]
