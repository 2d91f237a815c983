"""How do the reports of five cases look, page by page? Writes docs/gallery/, as PNG.

Three samples with abuse, one without, and a log made here in which 300 strangers relay.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from analyzer import Case, charts, pipeline, report, site
from analyzer.report import figures, pdf

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "docs" / "gallery"
SAMPLES = {
    "postfix": "postfix-open-relay",
    "sendmail": "sendmail-open-relay",
    "exchange": "exchange-2016-open-relay",
    "clean": "postfix-clean",
}
MANY = 300
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DOTS = 72
COLORS = 128


def logs(name: str) -> list[Path]:
    """The evidence of a sample."""
    folder = ROOT / "sample_logs" / name
    found = [folder / "mail.log.xz", folder / "maillog.xz"]
    given = [path for path in found if path.is_file()]
    return given or sorted(path for path in folder.rglob("*.[lL][oO][gG].xz"))


def many_strangers() -> Iterator[str]:
    """A Postfix log: each of 300 addresses relays one to three messages."""
    for number in range(MANY):
        client = f"203.0.{113 + number // 250}.{number % 250 + 1}"
        for turn in range(number % 3 + 1):
            time = START + timedelta(seconds=97 * number + 11 * turn)
            stamp = f"{time:%Y-%m-%dT%H:%M:%S}+00:00 mx1 postfix/"
            queue_id = f"{0xA0000 + number * 3 + turn:X}F{number % 10}"
            sender = f"win{number}@prize{number % 40}.example"
            to = f"a{turn}.b{number}@site{number % 70}.example"
            host = f"mx.site{number % 70}.example[198.51.100.{number % 250 + 1}]:25"
            ends = ("sent (250 2.0.0 Ok)", "bounced (host said: 550 5.1.1 No such user)")
            yield f"{stamp}smtpd[7]: {queue_id}: client=unknown[{client}]"
            yield f"{stamp}cleanup[8]: {queue_id}: message-id=<{number}.{turn}@prize.example>"
            yield f"{stamp}qmgr[9]: {queue_id}: from=<{sender}>, size=2400, nrcpt=1 (queue active)"
            yield (
                f"{stamp}smtp[10]: {queue_id}: to=<{to}>, relay={host}, delay=1, "
                f"delays=0.1/0/0.4/0.5, dsn=2.0.0, status={ends[number % 4 == 3]}"
            )
            yield f"{stamp}qmgr[9]: {queue_id}: removed"


def pages(name: str, case: Case) -> int:
    """Write every page of one case."""
    pictures = [figures.picture(chart) for chart in charts.draw(case)]
    sheets = pdf.sheets(report.tell(case), pictures, dots=DOTS)
    for number, sheet in enumerate(sheets, 1):
        picture = Image.open(io.BytesIO(sheet)).convert("RGB").quantize(COLORS)
        picture.save(GALLERY / f"{name}-{number:02}.png", optimize=True)
    return len(sheets)


def main() -> None:
    """All five."""
    GALLERY.mkdir(exist_ok=True)
    for old in GALLERY.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "mail.log"
        made.write_text("\n".join(many_strangers()) + "\n", "utf-8")
        ours = site.Site(domains=["corp.example"], networks=["10.0.0.0/8"])
        cases = {"300-findings": pipeline.analyze([made], site=ours).case}
        for name, sample in SAMPLES.items():
            stated = site.load(ROOT / "sample_logs" / sample / "site.toml")
            cases[name] = pipeline.analyze(logs(sample), site=stated).case
        for name, case in cases.items():
            print(f"docs/gallery/{name}: {pages(name, case)} pages")


if __name__ == "__main__":
    main()
