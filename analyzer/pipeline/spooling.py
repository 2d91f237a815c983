"""Is the evidence so large that its tables go to a disk, and where do they lie there?"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer import evidence
from analyzer.errors import EnvironmentTrouble
from analyzer.lock import alone
from analyzer.spool import SUFFIX, Spool

SPILLED_FROM = 256 << 20  # bytes of logs, unpacked
PACKED = 20  # times that a packed log grows, at most: 10 and 13 (gzip) and 19 (xz) were measured


@contextlib.contextmanager
def spooled(found: Sequence[evidence.Evidence], folder: Path | None) -> Iterator[Spool]:
    """Where the tables of this evidence lie while the body works on them.

    Args:
        folder: Stays until a body succeeds, with the blocks that were read: the next run goes on
            from there. None: nothing is to stay.

    Raises:
        EnvironmentTrouble: the folder cannot be made.
    """
    large = _unpacked(found) >= SPILLED_FROM
    with contextlib.ExitStack() as stack:
        place = None
        if folder is not None and (large or folder.exists()):
            place = stack.enter_context(_held(folder))
        if large and place is None:
            place = Path(stack.enter_context(_aside()))
        yield Spool(place if large else None)


def _unpacked(found: Sequence[evidence.Evidence]) -> int:
    """Bytes of text, as far as can be told before it is read."""
    texts = [item for item in found if item.kind == "text"]
    return sum(item.size * (1 if item.carrier == "plain" else PACKED) for item in texts)


def _aside() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="relaytrail-", ignore_cleanup_errors=True)
    except OSError as error:
        what = f"no temporary folder can be made: {error.strerror or error}"
        remedy = "Set TMPDIR to a folder that you may write to, or give --case."
        raise EnvironmentTrouble(what, os.environ.get("TMPDIR", "TMPDIR"), remedy) from error


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[Path | None]:
    """The folder, for this run alone, and gone when the body succeeds; None if it is not ours."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        what, remedy = f"cannot be made: {error.strerror}", "Give --case another folder."
        raise EnvironmentTrouble(what, folder, remedy) from error
    with alone(folder) as ours:
        if not ours:
            yield None
            return
        for left in folder.iterdir():
            if left.suffix != SUFFIX:  # half of a file
                left.unlink()
        try:
            yield folder
        except BaseException:
            with contextlib.suppress(OSError):  # it stays if there is anything in it
                folder.rmdir()
            raise
        shutil.rmtree(folder, ignore_errors=True)
