"""The two stream loops, and what a service gives them."""

from vigie_common.stream.configuration import FixedView, Timeline, judging
from vigie_common.stream.records import ConfigVersion, ConfigView, Core, Done, Handler, Message, Output
from vigie_common.stream.stateful import run_stateful
from vigie_common.stream.stateless import run_stateless
from vigie_common.stream.transport import reject

__all__ = [
    "ConfigVersion",
    "ConfigView",
    "Core",
    "Done",
    "FixedView",
    "Handler",
    "Message",
    "Output",
    "Timeline",
    "judging",
    "reject",
    "run_stateful",
    "run_stateless",
]
