"""EVENTS become MESSAGES, DELIVERIES and ATTEMPTS: joining lines, hops; who is inside."""

from analyzer.messages.assemble import Assembled, Beside, assemble
from analyzer.messages.exchange_parts import Each
from analyzer.messages.inference import INFERENCE, infer
from analyzer.messages.parts import is_huge
from analyzer.messages.queue import with_their_messages

__all__ = [
    "INFERENCE",
    "Assembled",
    "Beside",
    "Each",
    "assemble",
    "infer",
    "is_huge",
    "with_their_messages",
]
