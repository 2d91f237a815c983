"""Is every line of the generator one that a real server writes?

A shape is a line without what varies: names, addresses, numbers, ids. It must stand in a real
sample, or in FROM_REFERENCES with the source that says how the server writes it.
"""

import csv
import lzma
import re
from functools import cache
from pathlib import Path

import pytest

from benchmarks.accuracy.exchange import FIELDS
from benchmarks.accuracy.generate import WRITERS, Story, tell
from benchmarks.accuracy.incidents import DOORS

SAMPLES = Path(__file__).parents[2] / "sample_logs"
LOGS = {
    "postfix": ["postfix-open-relay/mail.log.xz", "postfix-clean/mail.log.xz"],
    "sendmail": ["sendmail-open-relay/maillog.xz"],
}
ID = (
    r"\b[0-9][0-9A-Za-z]{7}\d{6}\b|\b[0-9A-F]{9,12}\b"
    r"|\b[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}z\w+\b"
)
MASKS = (
    (r"^\w{3} [ \d]\d [\d:]{8} \S+ |^\d{4}-\S+ \S+ ", ""),
    (r"<[^<>]*>", "<>"),
    (r"(?:<>,)+<>", "<>"),
    (r"\[(?:IPv6:)?[0-9a-fA-F.:]*\]", "[A]"),
    (r"relay=\S*\.\.\.\S*", "relay=H"),
    (r'unknown user: "[^"]*"', "unknown user: U"),
    (r"Hostname=[^\]]*\]|Hostna?m?e?\.\.\.[^\]]*\]|\[Inter[^\]]*\.\.\.[^\]]*\]", "Hostname=H]"),
    (r"\[\w+\.eop-.*?(?:\]|$)|\.\.\..*$", "[X]"),
    (r"NoSuchUser \S+", "NoSuchUser T"),
    (r"OK  \d+ \S+ - gsmtp", "OK T - gsmtp"),
    (r"id=[\w-]+(?=\)|$)", "id=T"),
    (r"queued as [\w-]+", "queued as T"),
    (ID, "Q"),
    (r"to=[^<,\s\"]+@[^,\s]+(?:,[^<,\s\"]+@[^,\s]+)*", "to=N"),
    (r"to=\\*[\w.]+,", "to=N,"),
    (r"((?:user|authid|sasl_username|owner)=)[^ ,]+", r"\1U"),
    (r"from=<?[\w.@-]*>?,", "from=N,"),
    (r"[\w@+.-]+\.(?:example|test)\b\.?", "H"),
    (r"relay=[\w.-]+@localhost", "relay=N@localhost"),
    (r"to address [0-9a-f:.]+: ", "to address A: "),
    (r"\((smtp|submission):[0-9a-f.:]+\)", r"(\1:A)"),
    (r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+ ", "D "),
    (r"\d+(?:[.:/+-]\d+)*s?", "#"),
    # What is there or not, whatever else the line holds.
    (r", ctladdr=\S+ \(#\)|, orig_to=<>|, conn_use=#", ""),
    (r" \(may be forged\)", ""),
    (r"(?:H|unknown|localhost) ?\[A\]|(?<==)\[A\]", "P"),
    (r"postfix/(?:relay|submission)/", "postfix/"),
)
# A line's own part and what somebody else's words fill are shapes of their own.
CUTS = r" status=\w+ \(|, reply=|, stat="
# Shapes that no sample has, by a part of them, and where it is said that a server writes so.
FROM_REFERENCES = {
    "postfix": {
        'status=bounced (unknown user: "': "src/local/unknown.c",
        "lost connection after AUTH from": "smtpd.c: the state at which the client went away",
        "lost connection after EHLO from": "smtpd.c",
        "ehlo=1 commands=1": "smtpd.c, RELEASE_NOTES-3.0: what was asked before it went away",
    },
    "sendmail": {
        "host name lookup failure": "libsm/errstring.c, deliver.c",
        "Authentication-Warning: ": "main.c: set sender to ... using -f",
        "DSN: ": "savemail.c: the same under the submission program's name",
        "mailer=esmtp": "deliver.c: relay= without address where no server was reached",
    },
}
# Exchange has no real sample here: what the "Message tracking" page lists, and SENDEXTERNAL,
# which stands in rows of real servers.
EXCHANGE_EVENTS = {
    ("SMTP", "RECEIVE"),
    ("STOREDRIVER", "RECEIVE"),
    ("PICKUP", "RECEIVE"),
    ("MAILBOXRULE", "RECEIVE"),
    ("DSN", "DSN"),
    ("AGENT", "AGENTINFO"),
    ("ROUTING", "EXPAND"),
    ("ROUTING", "REDIRECT"),
    ("RESOLVER", "RESOLVE"),
    ("STOREDRIVER", "DELIVER"),
    ("SMTP", "SENDEXTERNAL"),
    ("SMTP", "DEFER"),
    ("SMTP", "FAIL"),
    ("QUEUE", "FAIL"),
    ("ROUTING", "FAIL"),
    ("DNS", "FAIL"),
}
STORIES = [Story(40 + n, door, small=True, variant="short_log") for n, door in enumerate(DOORS)]
STORIES += [Story(50, None, small=True), Story(51, None, small=True), Story(52, None, small=True)]


def shapes(line):
    for pattern, masked in MASKS:
        line = re.sub(pattern, masked, line)
    return re.split(f"({CUTS})", line)


@cache
def real(dialect):
    texts = (lzma.decompress((SAMPLES / log).read_bytes()).decode() for log in LOGS[dialect])
    return {shape for text in texts for line in text.splitlines() for shape in shapes(line)}


def written(dialect, story):
    company, history = tell(story)
    files = WRITERS[dialect](company, history, story.seed).write().files
    return [line for text in files.values() for line in text.splitlines()]


@pytest.mark.parametrize(
    "story", STORIES, ids=lambda story: f"{story.door or 'clean'} {story.seed}"
)
@pytest.mark.parametrize("dialect", sorted(LOGS))
def test_every_line_has_the_shape_of_a_real_one(dialect, story):
    known = FROM_REFERENCES[dialect]
    odd = {
        shape: line
        for line in written(dialect, story)
        for shape in shapes(line)
        if shape not in real(dialect) and not any(part in line for part in known)
    }
    assert odd == {}


@pytest.mark.parametrize(
    "story", STORIES, ids=lambda story: f"{story.door or 'clean'} {story.seed}"
)
def test_exchange_writes_only_documented_events(story):
    company, history = tell(story)
    files = WRITERS["exchange"](company, history, story.seed).write().files
    tracking = next(text for name, text in files.items() if name.startswith("MSGTRK"))
    rows = list(csv.reader(line for line in tracking.splitlines() if line[0] != "#"))
    found = {(row[FIELDS.index("source")], row[FIELDS.index("event-id")]) for row in rows}
    assert {len(row) for row in rows} == {30}
    assert found <= EXCHANGE_EVENTS
