"""Files on disk become numbered blocks of whole lines. The only room that reads evidence."""

from analyzer.evidence.blocks import Block, Overlong
from analyzer.evidence.discover import Evidence, find
from analyzer.evidence.reader import BLOCK_SIZE, Account, Reader, read

__all__ = ["BLOCK_SIZE", "Account", "Block", "Evidence", "Overlong", "Reader", "find", "read"]
