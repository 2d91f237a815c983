"""How is the rest of the world (far_end.py) started and stopped?"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self

PROGRAM = Path(__file__).with_name("far_end.py")
PYTHON = "/usr/bin/python3"  # Debian's own, for which install.sh brings aiosmtpd


class FarEnd:
    """Started on entry, stopped on exit. See far_end.py for the arguments."""

    def __init__(self, ports: dict[str, int], filters: dict[str, Any], record: Path) -> None:
        self.given = {"ports": ports, "filters": filters, "record": str(record)}
        self.record = record

    def __enter__(self) -> Self:
        self._program = subprocess.Popen(
            [PYTHON, str(PROGRAM), json.dumps(self.given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._program.stdout is not None
        if self._program.stdout.readline() != "ready\n":
            self.__exit__()
            raise RuntimeError(f"{PROGRAM.name} did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._program.terminate()
        self._program.communicate(timeout=20)

    def taken(self) -> list[dict[str, Any]]:
        """Every message that the world took, in order."""
        if not self.record.exists():
            return []
        return [json.loads(line) for line in self.record.read_text("utf-8").splitlines()]
