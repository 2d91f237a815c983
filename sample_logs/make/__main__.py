"""Write both Exchange samples: `python -m sample_logs.make` from the top of the project."""

from __future__ import annotations

import csv
import io
import json
import lzma
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sample_logs.make import protocol, rows, tracking, tracking_2003
from sample_logs.make.company import DOMAIN, Company
from sample_logs.make.truth import truth

HERE = Path(__file__).parent.parent
MARK = "\ufeff"
SITE = """\
timezone = "UTC"
domains = ["{domain}"]
networks = ["10.20.0.0/16"]
servers = [{servers}]
"""
FORWARDS = """
[forwards]
"milo@{domain}" = ["milo.private@bigmail.example"]
"press@{domain}" = ["desk@webpost.example"]
"rosa@{domain}" = ["rosa.home@yodel.example"]
"""


def main() -> None:
    newer()
    elder()


def newer() -> None:
    """Exchange 2016, two servers: all tracking, and the receive protocol of one front end."""
    folder = HERE / "exchange-2016-open-relay"
    company, logs = Company(2016, 1150), tracking.Tracking(7)
    dialogues = []
    for mail in company.mails:
        session = logs.log(mail)
        if session and mail.how != "mailbox" and logs.enters[id(mail)] == "EX01":
            dialogues += protocol.accepted(mail, session)
    for number, probe in enumerate(company.probes):
        dialogues += protocol.refused(probe, number)
    for (server, service), written in sorted(logs.book.rows.items()):
        _write_days(folder / server, service, written, rows.FIELDS, "Message Tracking Log")
    _write_days(folder / "EX01", "RECV", dialogues, protocol.FIELDS, "SMTP Receive Protocol Log")
    names = ", ".join(f'"{name}.{DOMAIN}", "{address}"' for name, address in rows.SERVERS.items())
    (folder / "site.toml").write_text(
        SITE.format(domain=DOMAIN, servers=names) + FORWARDS.format(domain=DOMAIN), "utf-8"
    )
    _keep(
        folder / "truth.json.xz",
        _json(truth(company, "exchange", "exchange_2016", "relay connector open to strangers")),
    )


def elder() -> None:
    """Exchange 2003, one server."""
    folder = HERE / "exchange-2003-open-relay"
    company = Company(2003, 1200, elder=True)
    made = sorted(
        (row for mail in company.mails for row in tracking_2003.rows(mail)), key=lambda row: row[0]
    )
    days: dict[str, list[list[str]]] = {}
    for time, row in made:
        days.setdefault(f"{time:%Y%m%d}", []).append(row)
    for day, mine in days.items():
        attendant = f"# Exchange System Attendant {tracking_2003.VERSION}\r\n# "
        head = f"# Message Tracking Log File\r\n{attendant}"
        body = "\r\n".join("\t".join(row) for row in [tracking_2003.FIELDS, *mine])
        _keep(folder / f"{day}.log.xz", (head + body + "\r\n").encode())
    servers = f'"{tracking_2003.SERVER}", "{tracking_2003.ADDRESS}"'
    folder.joinpath("site.toml").write_text(SITE.format(domain=DOMAIN, servers=servers), "utf-8")
    _keep(
        folder / "truth.json.xz",
        _json(truth(company, "exchange", "exchange_2003", "relay open to strangers")),
    )


def _write_days(
    folder: Path,
    service: str,
    written: Iterable[tuple[datetime, dict[str, str]]],
    fields: list[str],
    kind: str,
) -> None:
    """One file a day, as Exchange writes them; a restart at noon writes the header again."""
    days: dict[str, list[tuple[datetime, dict[str, str]]]] = {}
    for time, row in sorted(written, key=lambda timed: timed[0]):
        days.setdefault(f"{time:%Y%m%d}", []).append((time, row))
    for day, mine in days.items():
        text = io.StringIO(newline="")
        text.write(MARK)
        writer = csv.DictWriter(
            text, fields, restval="", lineterminator="\r\n", extrasaction="raise"
        )
        restarted = True
        for number, (time, row) in enumerate(mine):
            if number == 0 or (time.hour >= 12 and not restarted):
                text.write(_header(time, fields, kind))
                restarted = number > 0
            writer.writerow(row)
        _keep(folder / f"{service}{day}-1.LOG.xz", text.getvalue().encode())


def _header(time: datetime, fields: list[str], kind: str) -> str:
    version = rows.VERSION if "Tracking" in kind else "15.0.0.0"
    lines = ["#Software: Microsoft Exchange Server", f"#Version: {version}", f"#Log-type: {kind}"]
    lines += [f"#Date: {rows.stamp(time)}", f"#Fields: {','.join(fields)}"]
    return "".join(f"{line}\r\n" for line in lines)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
