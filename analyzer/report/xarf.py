"""What is sent to the networks from which the abuse came: one X-ARF report an address?

XARF version 3, class Activity, type Spam, in a mail as RFC 5965 has it (Feedback-Type: xarf).
Version 4 demands the client's port for the same report, which mail logs do not hold: a report of
version 3 is valid without it, and receivers of version 4 convert it.
"""

from __future__ import annotations

import ipaddress
import json
import quopri
from typing import Any

import pandas as pd

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report.letter import wrapped
from analyzer.schema import NOT_DELIVERIES
from analyzer.site import ours_alone

# The client is elsewhere, and saw to it that mail went.
DOORS = {
    "open_relay": "was relayed through our server",
    "stolen_account": "was submitted to our server with a stolen login",
}
MOST = 200  # reports; the rest stand in deliveries.parquet
LINES_SHOWN = 20
PREFIX = {4: 24, 6: 48}
BOUNDARY = "=_relaytrail_xarf"
COLUMNS = (
    "server queue_id origin_queue_id origin_life client_ip received sender recipient status".split()
)
NO_DOMAIN = (
    "No X-ARF report is written: it names the reporter's domain, and no site.toml states one."
)
NO_SOURCE = "No X-ARF report is written: no address outside is shown as the source of abuse."


def reports(case: Case) -> dict[str, str]:
    """Mails by file name, `network/address.eml`; a file that says why there is none."""
    domains = case.site.get("domains") or []
    rows = _rows(case)
    if rows.empty:
        return {"xarf.txt": NO_SOURCE + "\n"}
    if not domains:
        return {"xarf.txt": NO_DOMAIN + "\n"}
    found = {}
    order = rows["client_ip"].value_counts().rename_axis("ip").reset_index(name="rows")
    order = order.sort_values(["rows", "ip"], ascending=[False, True])
    for address in order["ip"].head(MOST):
        mine = rows[rows["client_ip"] == address].sort_values("received", kind="stable")
        name = str(address).replace(":", "_")
        found[f"xarf/{_network(str(address))}/{name}.eml"] = _mail(
            str(address), mine, str(domains[0]), case
        )
    return found


def _rows(case: Case) -> pd.DataFrame:
    columns = [*COLUMNS, "mechanism", "verdict"]
    rows = case.deliveries.select(columns).to_pandas()
    sure = rows["verdict"].eq("abusive") & rows["mechanism"].isin(DOORS)
    rows = rows[sure & rows["client_ip"].notna() & rows["received"].notna()]
    real = [outside(str(ip)) for ip in rows["client_ip"]]
    found: pd.DataFrame = rows[real]
    return found


def outside(text: str) -> bool:
    """An address that somebody else answers for: no private one, which is a gateway of ours."""
    return ours_alone(text) is False


def _network(text: str) -> str:
    """Whose desk it goes to, as far as an address tells: its /24 or /48."""
    address = ipaddress.ip_address(text)
    net = ipaddress.ip_network((address, PREFIX[address.version]), strict=False)
    return str(net).replace("/", "_").replace(":", "_")


def report(address: str, rows: pd.DataFrame, domain: str) -> dict[str, Any]:
    """The report itself, valid by the schema of XARF 3 for spam.

    The port is told where the log leaves no other: a login may have come to 25, 465 or 587.
    """
    first, last = rows["received"].iloc[0], rows["received"].iloc[-1]
    once = rows.drop_duplicates("origin_life")
    recipients = int((~rows["status"].isin(NOT_DELIVERIES)).sum())
    told: dict[str, Any] = {
        "ReportClass": "Activity",
        "ReportType": "Spam",
        "Date": words.iso(last),
        "FirstSeen": words.iso(first),
        "SourceIp": address,
        **({"DestinationPort": 25} if set(rows["mechanism"]) == {"open_relay"} else {}),
        "ReporterNotes": f"{words.count(len(once), 'message')} for "
        f"{words.count(recipients, 'recipient')}; times are UTC. The envelope sender is forged or "
        "not: the address is what our server saw.",
        "Samples": [
            {
                "ContentType": "text/plain",
                "Description": "the first lines of our log about it, as columns",
                "Payload": _lines(once),
            }
        ],
    }
    return {
        "Version": "3",
        "ReporterInfo": {
            "ReporterType": "Org",
            "ReporterOrg": domain,
            "ReporterOrgDomain": domain,
            "ReporterOrgEmail": f"postmaster@{domain}",
        },
        "Disclosure": True,
        "Report": told,
    }


def _lines(once: pd.DataFrame) -> str:
    rows = ["time (UTC), server, queue id, client, envelope sender"]
    for row in once.head(LINES_SHOWN).to_dict("records"):
        told = (row["server"], row["origin_queue_id"], row["client_ip"], f"<{row['sender']}>")
        rows.append(
            ", ".join([str(words.iso(row["received"])), *(display(str(t), 120) for t in told)])
        )
    if len(once) > LINES_SHOWN:
        rows.append(f"and {len(once) - LINES_SHOWN:,} more")
    return "\n".join(rows)


def _mail(address: str, rows: pd.DataFrame, domain: str, case: Case) -> str:
    """A mail in three parts, ASCII, without date and id: the program that sends it adds them."""
    told = report(address, rows, domain)
    version = (case.manifest.get("tool") or {}).get("version", "")
    note = told["Report"]["ReporterNotes"]
    when = f"from {told['Report']['FirstSeen']} to {told['Report']['Date']}"
    came = " and ".join(DOORS[door] for door in DOORS if rows["mechanism"].eq(door).any())
    text = wrapped(f"Mail from {address} {came} {when}: {note}")
    # A line of a mail has at most 998 octets (RFC 5322), and the sample is one line of JSON.
    body = quopri.encodestring(json.dumps(told, ensure_ascii=True, indent=2).encode("ascii"))
    return "\n".join(
        [
            f"From: postmaster@{domain}",
            "To: [abuse contact of the network, by whois]",
            f"Subject: Spam from {address}, {told['Report']['Date']}",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=feedback-report;",
            f' boundary="{BOUNDARY}"',
            "",
            f"--{BOUNDARY}",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            text.encode("ascii", "backslashreplace").decode(),
            "",
            f"--{BOUNDARY}",
            "Content-Type: message/feedback-report",
            "",
            "Feedback-Type: xarf",
            f"User-Agent: relaytrail/{version}",
            "Version: 1",
            "",
            f"--{BOUNDARY}",
            "Content-Type: application/json; name=xarf.json",
            "Content-Disposition: attachment; filename=xarf.json",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            body.decode("ascii"),
            "",
            f"--{BOUNDARY}--",
            "",
        ]
    )
