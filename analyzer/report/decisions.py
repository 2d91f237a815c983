"""What has somebody with authority to decide now? At most three, each a question with a reason."""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.report.closed import Closing
from analyzer.report.facts import Facts
from analyzer.report.refusals import provider

MOST = 3
NOT_SHOWN = (
    "Who may change the mail server today, and who tests it from outside afterwards? Nothing here "
    "proves that the door is shut."
)
BREACH = (
    "Is it a breach of personal data? Strangers could read that mailbox; where the GDPR holds, the "
    "authority is told within 72 hours of knowing."
)
TEXTS = "Texts for both come from `relaytrail report`."
INNOCENT = [
    "If a blocklist names this server: who asks it for the time and a sample of what it saw?",
    "Which other machines use the same public address, and who looks at them?",
]


def decisions(
    facts: Facts, closing: Closing, blocklists: list[dict[str, Any]], impact: dict[str, Any]
) -> list[str]:
    """The most pressing first."""
    if not facts.found:
        return INNOCENT if blocklists else []
    asked = [
        *_door(facts, closing),
        *_queue(facts),
        *_persons(facts),
        *_told(impact),
        *_removal(blocklists),
        *_prices(impact),
    ]
    return asked[:MOST]


def _door(facts: Facts, closing: Closing) -> list[str]:
    if closing.closed:
        return []
    if closing.open_again:
        return [
            "Who takes the server off the network until the door is shut? A test found it open."
        ]
    if "stolen_account" in facts.doors:
        name = words.listing([display(a, 60) for a in facts.total.accounts], 2)
        if facts.by_owner:
            return [
                f"Who asks {name} today whether that mail is theirs, and locks what is misused?"
            ]
        return [f"Who locks {name} today, and checks what else its password opens?"]
    return [NOT_SHOWN]


def _queue(facts: Facts) -> list[str]:
    waiting = facts.waiting
    if not waiting.messages:
        return []
    still = f"{words.form(waiting.messages, 'waits', 'wait')} in the queue, before more goes out"
    if not waiting.sure:
        asked = f"Who looks at the {waiting.named('that may be abuse')} and still {still}?"
        return [f"{asked} Honest mail may be among them: delete none unseen."]
    asked = f"Who deletes the {waiting.named('of the abuse')} that still {still}?"
    return [f"{asked} `relaytrail aid` names them."]


def _persons(facts: Facts) -> list[str]:
    if "stolen_account" not in facts.doors or facts.by_owner:
        return []
    return [BREACH]


def _told(impact: dict[str, Any]) -> list[str]:
    lost, waiting = (
        int(figure(impact, f"own_recipients_{kind}") or 0) for kind in ("blocked", "waiting")
    )
    by_partner = (impact.get("harm") or {}).get("by_partner") or []
    partners = sum(1 for row in by_partner if row["blocked"] or row.get("waiting"))
    fates = [f"{words.count(lost, 'own mail')} never arrived"] if lost else []
    if waiting:
        wait = words.form(waiting, "waits", "wait")
        fates.append(f"{words.count(waiting, 'own mail')} still {wait} here, refused so far")
    if not fates:
        return []
    told = f"Are our users and the {words.count(partners, 'partner domain')} told"
    return [f"{told} that {' and '.join(fates)}? {TEXTS}"]


def _removal(blocklists: list[dict[str, Any]]) -> list[str]:
    listed = [entry for entry in blocklists if not entry.get("ended")]
    if not listed:
        return []
    names = words.listing([provider(e) for e in listed])
    return [f"Who asks {names} for removal, and signs what was the cause and what was changed?"]


def _prices(impact: dict[str, Any]) -> list[str]:
    drivers = (impact.get("cost") or {}).get("drivers") or []
    if not drivers:
        return []
    names = words.listing([display(str(d["title"]), 50).lower() for d in drivers[:3]])
    return [f"Who confirms the numbers that decide the cost: {names}?"]


def figure(impact: dict[str, Any], name: str) -> float | None:
    """The value of a figure of impact.json; None where the log cannot give it."""
    found = [f.get("value") for f in impact.get("figures", []) if f.get("name") == name]
    return found[0] if found else None
