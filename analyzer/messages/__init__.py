"""EVENTS become MESSAGES, DELIVERIES and ATTEMPTS: joining lines, hops; who is inside."""

from analyzer.messages.assemble import Assembled, assemble
from analyzer.messages.inference import INFERENCE, infer
from analyzer.messages.queue import with_their_messages

__all__ = ["INFERENCE", "Assembled", "assemble", "infer", "with_their_messages"]
