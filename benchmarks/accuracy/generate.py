"""Write one log with its truth.

python -m benchmarks.accuracy.generate --seed 1 --door stolen_account --dialect postfix OUT/
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.accuracy.company import DAY, Company, found
from benchmarks.accuracy.dialect import Written
from benchmarks.accuracy.exchange import Exchange
from benchmarks.accuracy.incidents import DOORS, HAPPENS
from benchmarks.accuracy.innocent import SOURCES
from benchmarks.accuracy.machines import machine
from benchmarks.accuracy.mail import Post
from benchmarks.accuracy.model import Change, History
from benchmarks.accuracy.plans import VARIANTS, Variant
from benchmarks.accuracy.postfix import Postfix
from benchmarks.accuracy.sendmail import Sendmail
from benchmarks.accuracy.truth import site, truth
from benchmarks.accuracy.words import seeded

WRITERS: dict[str, type[Postfix | Sendmail | Exchange]] = {
    "postfix": Postfix,
    "sendmail": Sendmail,
    "exchange": Exchange,
}
ZONES = ("UTC", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
CLEAN = Variant("clean", (0, 0), (0, 0), (0, 0), (0.5, 6.0))


@dataclass(frozen=True, slots=True)
class Story:
    """A seed and what it shall hold; everything else is drawn. `door`: None is a clean log."""

    seed: int
    door: str | None
    variant: str | Variant | None = None
    small: bool = False  # for CI: few users


def tell(story: Story) -> tuple[Company, History]:
    """What happened, for every dialect alike."""
    rng = seeded(f"{story.seed} {story.door} {story.variant}")
    names = sorted(VARIANTS)
    variant = CLEAN
    if isinstance(story.variant, Variant):
        variant = story.variant
    elif story.door is not None:
        variant = VARIANTS[story.variant or rng.choice(names)]
    length = rng.uniform(*variant.log_days) * DAY
    zone = rng.choice(ZONES) if length < 20 * DAY else "UTC"
    start = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(
        days=rng.randint(0, 45), hours=rng.randint(0, 23)
    )
    history = History(start.timestamp(), start.timestamp() + length)
    few = length > 20 * DAY or story.small
    users, partners = (
        (rng.randint(5, 10), 12) if few else (rng.randint(10, 60), rng.randint(15, 50))
    )
    company = found(rng, users, partners, rng.uniform(2, 5) * DAY, zone)
    if story.door == "trusted_host" and rng.random() < 0.4:
        company.masked = machine(company, "gateway")
    post = Post(company)
    history.changes.append(Change(history.start + 0.1, "start"))
    if story.door is not None:
        HAPPENS[story.door](post, history, variant)
    for source, chance in SOURCES:
        if rng.random() < chance:
            source(post, history)
    return company, history


def put(story: Story, company: Company, history: History, dialect: str, out: Path) -> Written:
    """The log, its truth and its site.toml in the folder *out*."""
    written = WRITERS[dialect](company, history, story.seed).write()
    out.mkdir(parents=True, exist_ok=True)
    for name, text in written.files.items():
        (out / name).write_bytes(text.encode())
    told = truth(history, written) | {
        "dialect": dialect,
        "year": 2026,
        "fractions": written.fractions,
    }
    (out / "truth.json").write_text(json.dumps(told, indent=0), "utf-8")
    (out / "site.toml").write_text(site(company), "utf-8")
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--door", choices=[*DOORS, "clean"], default="clean")
    parser.add_argument("--variant", choices=sorted(VARIANTS))
    parser.add_argument("--dialect", choices=sorted(WRITERS), default="postfix")
    parser.add_argument("out", type=Path)
    said = parser.parse_args()
    door = None if said.door == "clean" else said.door
    story = Story(said.seed, door, said.variant)
    put(story, *tell(story), said.dialect, said.out)


if __name__ == "__main__":
    main()
