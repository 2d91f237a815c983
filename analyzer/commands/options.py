"""Which arguments do several commands take, and what does each mean?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CaseArgument = Annotated[
    Path, typer.Argument(help="Folder that analyze wrote.", show_default=False)
]
SiteFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--site",
        help="Our domains and networks: site.toml or the mail server's own files (main.cf, "
        "sendmail.mc, exports of Exchange, with their tables); may be repeated.",
        show_default=False,
    ),
]
Year = Annotated[
    int | None,
    typer.Option(
        "--year",
        min=1980,
        max=2100,
        help="Year of the first line, in the oldest part, of logs whose stamps name none.",
        show_default=False,
    ),
]
