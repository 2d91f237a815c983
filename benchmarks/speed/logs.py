"""Large logs to measure with, made where they are missing: the samples enlarged, one made up.

An enlarged sample has the mix of the sample: the same lines again and again, each time with fresh
queue ids, times, client addresses, Message-IDs and outside mail addresses.
"""

from __future__ import annotations

import gzip
import lzma
import os
import random
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_logs"
MB = 1_000_000

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
Rename = Callable[[int], str]  # the word of one copy, by the number of the copy


def folder() -> Path:
    """Where large logs are kept: outside the repository."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    place = Path(cache_home).expanduser() / "relaytrail-bench"
    place.mkdir(parents=True, exist_ok=True)
    return place


def log(name: str, size: int) -> Path:
    """Where the log NAME of about SIZE bytes lies."""
    return folder() / f"{name}-{size}.log"


def make(name: str, size: int) -> None:
    """Write it, if it is not there."""
    path = log(name, size)
    if path.exists():
        return
    partial, written = path.with_suffix(".partial"), 0
    with partial.open("wb") as file:
        for text in MAKERS[name]():
            written += file.write(text)
            if written >= size:
                break
    partial.rename(path)


def zipped(path: Path) -> Path:
    """The same log as gzip writes it, made if it is not there."""
    packed = path.with_name(path.name + ".gz")
    if not packed.exists():
        partial = packed.with_suffix(".partial")
        with path.open("rb") as plain, gzip.open(partial, "wb", compresslevel=6) as file:
            shutil.copyfileobj(plain, file, 1 << 20)
        partial.rename(packed)
    return packed


def site(name: str) -> Path:
    """Who is local in a log."""
    found = {
        "postfix": "postfix-open-relay",
        "sendmail": "sendmail-open-relay",
        "exchange": "exchange-2016-open-relay",
    }.get(name)
    if found:
        return SAMPLES / found / "site.toml"
    path = folder() / f"{name}.toml"
    path.write_text(GENERATED_SITE, "utf-8")
    return path


# The samples, enlarged ----------------------------------------------------------------------------

STAMP = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
DATED = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
OUTSIDE = r"(?<![\d.])(?:198\.1[89]|203\.0)(?:\.\d{1,3}){2}(?![\d.])"
DASHED = r"(?<![\d-])(?:198-1[89]|203-0)(?:-\d{1,3}){2}(?![\d-])"
CLIENT = re.compile(f"{OUTSIDE}|{DASHED}")
SIX = r"2001:db8:bad(?=:)"
ADDRESS = r"[\w.+=-]+@[\w-]+(?:\.[\w-]+)+"
POSTFIX_ID = r"[0-9A-F]{11}"
SENDMAIL_ID = r"[0-9A-Za-z]{8}\d{6}"
EXCHANGE_ID = r"\d{14}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MESSAGE_ID = 4  # digits: a mail address of ours has fewer
FIRST_SPARE = 0xC6_12_00_00  # 198.18.0.0/15 is for benchmarks
SIXTY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"


def postfix() -> Iterator[bytes]:
    return enlarged("postfix", "mail.log.xz", POSTFIX_ID)


def sendmail() -> Iterator[bytes]:
    return enlarged("sendmail", "maillog.xz", SENDMAIL_ID)


def exchange() -> Iterator[bytes]:
    """One server's tracking log; its header once."""
    return enlarged("exchange", "EX01/MSGTRK2*.LOG.xz", EXCHANGE_ID)


def enlarged(name: str, which: str, ids: str) -> Iterator[bytes]:
    """Copies of a sample's logs, without end; *ids*: pattern of what names a message."""
    stated = site(name)
    ours = set(tomllib.loads(stated.read_text("utf-8"))["domains"])
    logs = sorted(stated.parent.glob(which))
    text = "".join(lzma.decompress(path.read_bytes()).decode() for path in logs)
    header = re.compile(r"(?m)^\ufeff?#.*\n")
    first = "".join(header.findall(text)[:5])
    text = header.sub("", text)
    parts = [STAMP, DATED, OUTSIDE, DASHED, SIX, ADDRESS, rf"(?<![\w.])(?:{ids})(?!\w)"]
    pieces = re.split("(" + "|".join(f"(?:{part})" for part in parts) + ")", text)
    words = sorted(set(pieces[1::2]))
    rename = _Renaming(words, re.compile(ids), ours)
    number = {word: place for place, word in enumerate(words)}
    used = [number[word] for word in pieces[1::2]]
    yield first.encode()
    for copy in count():
        fresh = [change(copy) for change in rename.changes]
        pieces[1::2] = map(fresh.__getitem__, used)
        yield "".join(pieces).encode()


class _Renaming:
    """How each word reads in each copy."""

    def __init__(self, words: list[str], ids: re.Pattern[str], ours: set[str]) -> None:
        named = (word.replace("-", ".") for word in words if re.fullmatch(CLIENT, word))
        clients = sorted(set(named))
        self._client = {address: place for place, address in enumerate(clients)}
        times = [time for word in words if (time := _time(word))]
        self._span = timedelta(days=(max(times) - min(times)).days + 1)
        self._ids, self._ours = ids, ours
        self.changes = [self._change(word) for word in words]

    def _change(self, word: str) -> Rename:
        if time := _time(word):
            say = _dated if word[0].isdigit() else _classic
            return lambda copy: say(time + copy * self._span)
        if re.fullmatch(SIX, word):
            return lambda copy: f"2001:db8:{0xBAD + copy:x}"
        if re.fullmatch(CLIENT, word):
            return self._address(word)
        if self._ids.fullmatch(word):
            return lambda copy: self._fresh_id(word, copy)
        local, _, domain = word.partition("@")
        if domain in self._ours and sum(letter.isdigit() for letter in local) < MESSAGE_ID:
            return lambda _: word
        return lambda copy: f"{local}.{copy}@{domain}" if copy else word

    def _address(self, word: str) -> Rename:
        place, all_of_them = self._client[word.replace("-", ".")], len(self._client)
        mark = "-" if "-" in word else "."

        def fresh(copy: int) -> str:
            if not copy:
                return word
            number = FIRST_SPARE + (place + copy * all_of_them) % (1 << 17)
            return mark.join(str(byte) for byte in number.to_bytes(4, "big"))

        return fresh

    def _fresh_id(self, word: str, copy: int) -> str:
        if not copy:
            return word
        if len(word) == 11:  # Postfix: five digits of the microsecond, then the inode
            return f"{word[:5]}{int(word[5:], 16) + (copy << 20):X}"
        if len(word) == 36:  # Exchange: of the mail
            return f"{copy:08x}{word[8:]}"
        if word.isdigit():  # Exchange: of the message on one server
            return str(int(word) + copy * 10**9)
        year, month, day, *clock = (SIXTY.index(letter) for letter in word[:6])
        given = datetime(1980 + (year - 20) % 60, month + 1, day, *clock, tzinfo=UTC)
        later = given + copy * self._span
        told = ((later.year - 1900) % 60, later.month - 1, *later.timetuple()[2:6])
        return "".join(SIXTY[number] for number in told) + word[6:]


@cache
def _time(word: str) -> datetime | None:
    if re.fullmatch(DATED, word):
        return datetime.fromisoformat(word)
    if re.fullmatch(STAMP, word):
        clock = word[7:]
        return datetime.fromisoformat(
            f"2026-{MONTHS.index(word[:3]) + 1:02}-{int(word[4:6]):02}T{clock}"
        )
    return None


def _classic(time: datetime) -> str:
    return f"{MONTHS[time.month - 1]} {time.day:2} {time:%H:%M:%S}"


def _dated(time: datetime) -> str:
    return time.isoformat()


# One made up -------------------------------------------------------------------------------------

GENERATED_SITE = """domains = ["corp.example"]
networks = ["192.0.2.0/24"]
servers = ["mx1.corp.example", "192.0.2.25"]
"""
MESSAGES_A_PIECE = 20_000
OUTBOUND, RELAYED = 0.1, 0.02  # shares of the messages; the rest comes in
STRANGERS = 40


def generated() -> Iterator[bytes]:
    """140 bytes a line, and every third line names an address that was not there before.

    The client, the envelope sender and one recipient of each nine lines are new. Most mail comes in
    for one of a thousand mailboxes; the rest leaves by login, and some is relayed for strangers.
    """
    rng = random.Random(7)  # noqa: S311 - the same log every time
    time, message = datetime(2026, 3, 2, tzinfo=UTC), 0
    while True:
        lines: list[str] = []
        for _ in range(MESSAGES_A_PIECE):
            message += 1
            time += timedelta(milliseconds=rng.randrange(40, 400))
            lines += _message(rng, f"{_classic(time)} mx1 postfix/", message)
        yield "\n".join([*lines, ""]).encode()


def _message(rng: random.Random, head: str, number: int) -> list[str]:
    """The nine lines of one message."""
    client = ".".join(map(str, (0x64_40_00_00 + number).to_bytes(4, "big")))  # 100.64.0.0/10
    name = f"host-{number}.pool.carrier.example"
    queue_id = f"{rng.randrange(1 << 20):05X}{0x2CE000 + number:X}"
    way, user, login = rng.random(), rng.randrange(1000), ""
    sender = f"person{number}@far{number % 5003}.example"
    others = [rng.randrange(30) for _ in range(2)]
    if local := way >= OUTBOUND + RELAYED:
        people = [f"user{user}+{number}@corp.example"]
        people += [f"user{user + other}@corp.example" for other in others]
    else:
        people = [f"friend{number}@far{rng.randrange(5003)}.example"]
        people += [f"known{other}@far{user}.example" for other in others]
    if OUTBOUND <= way < OUTBOUND + RELAYED:
        client, name = f"100.127.0.{user % STRANGERS}", f"vps{user % STRANGERS}.rent.example"
    if way < OUTBOUND:
        login, sender = f", sasl_method=PLAIN, sasl_username=user{user}", f"user{user}@corp.example"
        client, name = f"192.0.2.{user % 250}", f"desk{user % 250}.corp.example"
    process, size = 2000 + number % 97, 2000 + number % 7000
    said = f"{head}smtpd[{process}]: "
    sent = [
        f"{head}local[{process}]: {queue_id}: to=<{who}>, relay=local, delay=0.21, "
        "delays=0.1/0/0/0.11, dsn=2.0.0, status=sent (delivered to maildir)"
        if local
        else f"{head}smtp[{process}]: {queue_id}: to=<{who}>, "
        f"relay=mx.{who.partition('@')[2]}[198.51.100.{len(who)}]:25, delay=0.9, "
        f"delays=0.1/0/0.3/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {number:X}F)"
        for who in people
    ]
    return [
        f"{said}connect from {name}[{client}]",
        f"{said}{queue_id}: client={name}[{client}]{login}",
        f"{head}cleanup[{process}]: {queue_id}: message-id=<{number}.{user}.20260302@{name}>",
        f"{head}qmgr[1200]: {queue_id}: from=<{sender}>, size={size}, nrcpt=3 (queue active)",
        *sent,
        f"{head}qmgr[1200]: {queue_id}: removed",
        f"{said}disconnect from {name}[{client}] ehlo=1 mail=1 rcpt=3 data=1 quit=1 commands=7",
    ]


def one_client() -> Iterator[bytes]:
    """One stranger who has everything relayed: 5.2 lines a message, ten messages a connection."""
    time, message, client = datetime(2026, 3, 2, tzinfo=UTC), 0, "vps.rent.example[203.0.113.9]"
    while True:
        lines: list[str] = []
        for _ in range(MESSAGES_A_PIECE):
            time += timedelta(milliseconds=50)
            head, process = f"{_classic(time)} mx1 postfix/", 2000 + message // 10 % 97
            said, queue_id = f"{head}smtpd[{process}]: ", f"{0x10_0000_0000 + message:X}"
            if message % 10 == 0:
                lines.append(f"{said}connect from {client}")
            lines += [
                f"{said}{queue_id}: client={client}",
                f"{head}cleanup[{process}]: {queue_id}: message-id=<{message}@rent.example>",
                (
                    f"{head}qmgr[1200]: {queue_id}: from=<s@rent.example>, size=2000, nrcpt=1 "
                    "(queue active)"
                ),
                (
                    f"{head}smtp[{process}]: {queue_id}: to=<p{message}@f{message % 5003}.example>"
                    ", relay=mx.far.example[198.51.100.7]:25, delay=0.9, delays=0.1/0/0.3/0.5, "
                    "dsn=2.0.0, status=sent (250 2.0.0 Ok)"
                ),
                f"{head}qmgr[1200]: {queue_id}: removed",
            ]
            message += 1
            if message % 10 == 0:
                lines.append(
                    f"{said}disconnect from {client} ehlo=1 mail=10 rcpt=10 data=10 quit=1 "
                    "commands=32"
                )
        yield "\n".join([*lines, ""]).encode()


def one_message() -> Iterator[bytes]:
    """One message for 50,000 recipients, from one of ours; then nothing more."""
    head = f"{_classic(datetime(2026, 3, 2, tzinfo=UTC))} mx1 postfix/"
    login = "client=desk.corp.example[192.0.2.7], sasl_method=PLAIN, sasl_username=user7"
    lines = [
        f"{head}smtpd[2000]: 1000000000: {login}",
        f"{head}cleanup[2000]: 1000000000: message-id=<1@corp.example>",
        (
            f"{head}qmgr[1200]: 1000000000: from=<user7@corp.example>, size=2000, nrcpt=50000 "
            "(queue active)"
        ),
    ]
    lines += [
        f"{head}smtp[2000]: 1000000000: to=<p{number}@far{number % 5003}.example>, "
        "relay=mx.far.example[198.51.100.7]:25, delay=0.9, delays=0.1/0/0.3/0.5, dsn=2.0.0, "
        "status=sent (250 2.0.0 Ok)"
        for number in range(50_000)
    ]
    yield "\n".join([*lines, f"{head}qmgr[1200]: 1000000000: removed", ""]).encode()


MAKERS = {
    "postfix": postfix,
    "generated": generated,
    "one_client": one_client,
    "one_message": one_message,
    "sendmail": sendmail,
    "exchange": exchange,
}

if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]))
