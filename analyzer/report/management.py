"""What does the person in charge tell the house, our users, and partners whose mail was hurt?"""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import Any

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report.closed import closing
from analyzer.report.decisions import figure
from analyzer.report.facts import gather
from analyzer.report.letter import items, paragraphs
from analyzer.report.refusals import provider
from analyzer.report.story import tell

# What is told of a partner: column and kind of harm.
COLUMNS = {
    "recipients_refused": "blocked",
    "recipients_late": "delayed",
    "recipients_still_waiting": "waiting",
}
FORMULA = ("=", "+", "-", "@")


def texts(case: Case) -> dict[str, str]:
    """The page for the house, a note to our users, and the partners, by file name."""
    found = {"management.txt": _page(case)}
    if gather(case).found or case.impact.get("blocklists"):
        found["note-to-users.txt"] = _note(case)
    if (case.impact.get("harm") or {}).get("by_partner"):
        found["partners.csv"] = partners(case)
    return found


def _page(case: Case) -> str:
    """The first page of the report, as text."""
    story = tell(case)
    parts = [story["title"], story["subtitle"], story["doubt"], " ".join(story["lead"])]
    numbers = [f"{f['label']}: {f['value']} ({f['note']})" for f in story["figures"]]
    over, money = story["closing"], story["money"]
    if over:
        parts.append(" ".join([f"Is it over? {over['headline']}.", *over["proofs"]]))
    if money:
        parts.append(f"Cost, nine times in ten: {money['range']}; {money['note']}.")
    told = paragraphs(*parts) + "\n" + items(numbers) + "\n"
    if story["decisions"]:
        told += "\nDecisions needed:\n" + items(story["decisions"]) + "\n"
    if story["certainty"]:
        told += "\nHow sure this is:\n" + items(story["certainty"]) + "\n"
    return told.lstrip("\n")


def _note(case: Case) -> str:
    """To our own users: what they may have seen, and what to do. No names, no blame."""
    facts = gather(case)
    happened = (
        "Strangers used our mail server to send mail."
        if facts.found and facts.verdict != "possible"
        else "Other servers refused mail of ours; why is being looked into."
    )
    state = (
        "The gap is closed."
        if closing(case, facts).closed
        else "[That the gap is closed is not shown yet: say here what is true when you send this.]"
    )
    do = ["If mail of yours came back since then, send it again, or telephone."]
    if "stolen_account" in facts.doors:
        do.append("If your password is used elsewhere too, change it there and here.")
    since = f" It began on {words.moment(facts.total.first)}." if facts.total.first else ""
    head = paragraphs(f"{happened}{since if facts.found else ''} {state if facts.found else ''}")
    seen = [*_own_mail(case), *_notices(case), *_who_refused(case)]
    said = "\nWhat you may have seen:\n" + items(seen) + "\n" if seen else ""
    return (head + said + "\nWhat to do:\n" + items(do) + "\n").lstrip("\n")


def _own_mail(case: Case) -> list[str]:
    """What became of our users' own mail."""
    blocked, waiting, late = (
        int(figure(case.impact, f"own_recipients_{kind}") or 0)
        for kind in ("blocked", "waiting", "delayed")
    )
    told = []
    if blocked:
        told.append(f"{words.count(blocked, 'mail')} of ours did not arrive and came back.")
    if waiting:
        told.append(
            f"{words.count(waiting, 'mail')} of ours {words.form(waiting, 'waits', 'wait')} here "
            "until others take mail from us again: not lost, and not to be sent a second time."
        )
    if late:
        told.append(f"About {words.count(late, 'mail')} arrived late, or will.")
    return told


def _notices(case: Case) -> list[str]:
    """Notices of failed delivery that came to our users because of the abuse."""
    every = int(figure(case.impact, "notices_to_own_users") or 0)
    of_ours = int(figure(case.impact, "notices_to_the_misused") or 0)
    told = []
    if forged := every - of_ours:
        told.append(
            f"{words.count(forged, 'notice')} of failed delivery went to people here about mail "
            "that they never wrote. Delete them; your mailbox did not send that mail."
        )
    if of_ours:
        told.append(
            f"{words.count(of_ours, 'notice')} of failed delivery went to the account that "
            "was misused itself: that mail was sent from here in its name, by somebody else. "
            "Leave them to whoever looks into it."
        )
    return told


def _who_refused(case: Case) -> list[str]:
    """The lists and providers that refused us."""
    entries = case.impact.get("blocklists", [])
    refusing, ended = (
        [provider(entry) for entry in entries if bool(entry.get("ended")) is over]
        for over in (False, True)
    )
    told = []
    if refusing:
        told.append(f"These refused us, and may still: {words.listing(refusing, 6)}.")
    if ended:
        told.append(f"These refused us, and take our mail again: {words.listing(ended, 6)}.")
    return told


def partners(case: Case) -> str:
    """Domains of partners whose mail from us was refused or late, as CSV; no cell is a formula.

    Late mail is told only where more was late than before the abuse.
    """
    file = io.StringIO()
    # In quotes, since a spreadsheet may divide cells by another sign than the comma.
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(["partner_domain", *COLUMNS])
    told = set(COLUMNS.values())
    if not figure(case.impact, "own_recipients_delayed"):
        told -= {"delayed"}
    for row in (case.impact.get("harm") or {}).get("by_partner", []):
        counts = [int(row.get(kind, 0)) if kind in told else 0 for kind in COLUMNS.values()]
        if any(counts):
            writer.writerow([_cell(row["partner"]), *counts])
    return file.getvalue()


def _cell(text: Any) -> str:
    """A blank before it, or the wide signs of East Asia, may leave it a formula."""
    shown = display(str(text), 253)
    start = unicodedata.normalize("NFKC", shown).lstrip()
    return f"'{shown}" if start.startswith(FORMULA) else shown
