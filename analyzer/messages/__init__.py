"""EVENTS become MESSAGES, DELIVERIES and ATTEMPTS: joining lines, hops; who is inside."""

from analyzer.messages.assemble import Assembled, assemble

__all__ = ["Assembled", "assemble"]
