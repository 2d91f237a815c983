"""How does the program end? Without what Python does then: it takes every object apart, one by one,
for a tenth of a second, and the system gets the memory back all the same.
"""

from __future__ import annotations

import atexit
import os
import sys


def at_once(code: int) -> None:
    """End with nothing left undone; where a stream fails, come back: Python knows what to say."""
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # one may have been closed before
            stream.flush()
    except (OSError, ValueError):  # full, or closed
        return
    atexit._run_exitfuncs()  # folders that are to go
    os._exit(code)
