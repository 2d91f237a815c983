"""How does a person see that long work goes on? A bar on standard error, if it is a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

Show = Callable[[str, int, int], None]  # file, bytes done of all, bytes of all


@contextlib.contextmanager
def bar() -> Iterator[Show | None]:
    """What to call as work goes on; None where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from analyzer.display import display

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Reading", total=None)

        def show(name: str, done: int, total: int) -> None:
            what = escape(display(name, 30))
            progress.update(task, description=what, completed=done, total=max(total, 1))

        yield show
