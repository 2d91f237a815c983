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
from analyzer.report.facts import Facts, gather
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
    doubtful = facts.verdict == "possible"
    seen = [*_own_mail(case), *_notices(case, doubtful=doubtful), *_who_refused(case)]
    said = "\nWhat you may have seen:\n" + items(seen) + "\n" if seen else ""
    do = []
    if figure(case.impact, "own_recipients_blocked"):
        do.append("If mail of yours came back since then, send it again, or telephone.")
    if "stolen_account" in facts.doors and not doubtful:
        do.append("If your password is used elsewhere too, change it there and here.")
    asked = "\nWhat to do:\n" + items(do) + "\n" if do else ""
    return (paragraphs(_happened(case, facts)) + said + asked).lstrip("\n")


def _happened(case: Case, facts: Facts) -> str:
    """What happened and since when; of what is only possible no more than that."""
    if not facts.found:
        return "Other servers refused mail of ours; why is being looked into."
    began = words.moment(facts.total.first) if facts.total.first else ""
    if facts.verdict == "possible":
        since = f" since {began}" if began else ""
        told = (
            f"Strangers may have used our mail server to send mail{since}; or it was honest mail."
        )
        return f"{told} It is being looked into. [Say here what is known when you send this.]"
    since = f" It began on {began}." if began else ""
    state = (
        "The gap is closed."
        if closing(case, facts).closed
        else "[That the gap is closed is not shown yet: say here what is true when you send this.]"
    )
    return f"Strangers used our mail server to send mail.{since} {state}"


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
        more = words.form(late, "more mail", "more mails")
        told.append(f"About {late:,} {more} than usual arrived late, or will.")
    return told


def _notices(case: Case, *, doubtful: bool) -> list[str]:
    """Notices of failed delivery that came to our users because of the abuse, if it is any."""
    every = int(figure(case.impact, "notices_to_own_users") or 0)
    of_ours = int(figure(case.impact, "notices_to_the_misused") or 0)
    went = "of failed delivery went to"
    told = []
    if forged := every - of_ours:
        notices = f"{words.count(forged, 'notice')} {went} people here about mail that they"
        told.append(
            f"{notices} may not have written."
            if doubtful
            else f"{notices} never wrote. Delete {words.form(forged, 'it', 'them')}; your mailbox "
            "did not send that mail."
        )
    if of_ours:
        notices = f"{words.count(of_ours, 'notice')} {went} the account that"
        leave = f"Leave {words.form(of_ours, 'it', 'them')} to whoever looks into it."
        told.append(
            f"{notices} may have been misused, about mail sent from here in its name. {leave}"
            if doubtful
            else f"{notices} was misused itself: that mail was sent from here in its name, by "
            f"somebody else. {leave}"
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

    All late mail of a partner is told, where more was late than before the abuse: which of it is
    late because of the abuse, no log says.
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
