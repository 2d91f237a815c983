"""Which arguments do several commands take, and what does each mean?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CaseArgument = Annotated[
    Path, typer.Argument(help="Folder that analyze wrote.", show_default=False)
]
