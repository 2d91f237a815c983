"""Files on disk become numbered blocks of whole lines. The only room that reads evidence."""

from analyzer.evidence.blocks import Block, Overlong
from analyzer.evidence.discover import Evidence, find
from analyzer.evidence.reader import Account, Reader, read

__all__ = ["Account", "Block", "Evidence", "Overlong", "Reader", "find", "read"]
