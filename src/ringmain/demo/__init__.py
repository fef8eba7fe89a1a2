"""The demo provider: a deterministic, rule-based, OpenAI-compatible stand-in that is no model and always says so."""

from ringmain.demo.answered import Answered
from ringmain.demo.endpoints import answer
from ringmain.demo.models import MODELS
from ringmain.demo.transport import DemoTransport

__all__ = ["MODELS", "Answered", "DemoTransport", "answer"]
