"""What are the answers to the first seven questions of a responder, with numbers and units?"""

from __future__ import annotations

from analyzer import words
from analyzer.display import display
from analyzer.report import certainty, ending, sentences, tried
from analyzer.report.facts import Facts
from analyzer.report.stories import separate, stories
from analyzer.schema import NOT_LOGGED
from analyzer.site import ours_alone

NOT_TRACKED = "message tracking tells of no refusal, the SMTP receive protocol would"


def answers(facts: Facts) -> list[dict[str, str]]:
    """Question and answer, in the order people ask."""
    pairs = _found(facts) if facts.found else _nothing(facts)
    return [{"question": question, "answer": answer} for question, answer in pairs]


def _found(facts: Facts) -> list[tuple[str, str]]:
    total = facts.total
    named = sentences.grade(facts)
    grade = "" if named == "possible" else f"{words.capital(named)}: "
    first, last = (
        "not in the log" if time is None else f"{words.stamp(time)} UTC"
        for time in (total.first, total.last)
    )
    return [
        ("Is it us?", grade + sentences.what(facts)),
        ("Is it going on?", words.capital(ending.over(facts))),
        (
            "When?",
            f"First {first}{ending.early(facts)}; last {last}{ending.pause(facts)}.{_year(facts)}",
        ),
        ("Which door?", _doors(facts)),
        *(
            ("One story?", text)
            for text in [separate(stories(facts.findings), facts.shared)]
            if text
        ),
        ("Which account?", _accounts(facts)),
        ("From where?", _addresses(facts)),
        ("How many?", _how_many(facts)),
    ]


def _year(facts: Facts) -> str:
    return f" {certainty.GUESSED}" if facts.year_guessed else ""


def _nothing(facts: Facts) -> list[tuple[str, str]]:
    first, last = facts.log_first, facts.log_last
    covered = "no time was read"
    if first is not None and last is not None:
        covered = f"{words.moment(first)} to {words.moment(last)}"
    read = f"{words.count(facts.messages_read, 'message')}, "
    read += f"{words.count(facts.deliveries_read, 'delivery')}; {covered}."
    return [
        ("Is it us?", sentences.lead(facts)[0]),
        ("What was read?", f"{read}{_year(facts)}"),
        ("Was it tried?", _tried(facts)),
    ]


def _tried(facts: Facts) -> str:
    """Relay attempts, doors found open, and misuse of which nothing was accepted."""
    told = f"{words.count(facts.denied, 'relay attempt')} refused"
    if not facts.refusals_shown:
        told = f"Not shown: {NOT_TRACKED}"
    if facts.let_in:
        were = words.form(facts.let_in, "was", "were")
        told += (
            f"; besides, {words.count(facts.let_in, 'recipient')} {were} accepted whose message "
            "was never sent or was refused"
        )
    return " ".join([f"{told}.", *tried.misused(facts.findings)])


def _doors(facts: Facts) -> str:
    parts = [
        f"{facts.door(mechanism).answer} ({words.count(total.messages, 'message')})"
        for mechanism, total in facts.doors.items()
    ]
    return words.capital("; ".join(parts)) + "." if parts else "Not clear."


def _accounts(facts: Facts) -> str:
    names = [display(name, 60) for name in facts.total.accounts if name != NOT_LOGGED]
    names += [f"uid {display(user, 20)}" for user in facts.users]
    if names:
        return f"{words.listing(names, 5)}."
    hidden = NOT_LOGGED in facts.total.accounts
    told = "A login that the log does not name." if hidden else "None is in the log."
    if facts.mailbox:
        sender, messages = facts.mailbox
        why = "most likely that" if hidden else "if a webmail runs on that host, it is this account"
        of = f"{messages:,} of {words.count(facts.total.messages, 'message')}"
        return f"{told} {of} came with the sender {display(sender, 60)}: {why}."
    if hidden:
        return told
    by_smtp = facts.causes.keys() - {"local_injection", "backscatter"}
    if by_smtp and not facts.logins_named:
        return "Not shown: this log names no login at all."
    return "None: no login and no local user was involved."


def _addresses(facts: Facts) -> str:
    addresses = facts.total.addresses
    if not addresses:
        here = "The log names no address." if facts.total.accounts else "This server itself."
        return here + _brought(facts)
    told = f"{_named(addresses)}."
    if hiding := [address for address in addresses if address in facts.gateways]:
        which = words.listing([display(address, 45) for address in hiding], 5)
        what = words.form(len(hiding), "is a gateway that hides", "are gateways that hide")
        told += f" {which} {what} the true address, which its own log may name."
    if "stolen_account" in facts.doors and all(map(ours_alone, addresses)):
        told += " No stranger can have such an address: "
        told += (
            "no other login is used from there, so most likely it is a machine of yours, infected "
            "or used by its owner."
            if facts.own_machine
            else "a webmail or a gateway hides the true one, which its own log may name."
        )
    return told + _brought(facts)


def _named(addresses: list[str]) -> str:
    shown = words.listing([display(address, 45) for address in addresses], 5)
    return f"{words.count(len(addresses), 'address')}: {shown}"


def _brought(facts: Facts) -> str:
    """Whose mail the notices are about; empty where there are none but those about the abuse."""
    if not facts.brought:
        return ""
    return f" The mail that its notices to strangers are about came from {_named(facts.brought)}."


def _how_many(facts: Facts) -> str:
    total = facts.total
    names = ("delivered", "bounced", "deferred", "expired", "held", "discarded", "removed")
    known = {name: getattr(total, name) for name in names}
    known["other"] = total.other - total.discarded - total.held - total.removed
    known["deleted from the queue"] = known.pop("removed")
    fates = [f"{number:,} {name}" for name, number in known.items() if number]
    messages = sentences.least(facts) + words.count(total.messages, "message")
    recipients = words.count(total.recipients, "recipient")
    size = f" ({words.size(total.bytes)})" if total.bytes else ""  # Sendmail logs none of a notice
    told = f"{messages}{size} to {recipients}: {words.listing(fates, len(fates))}"
    if shares := certainty.shares(facts):
        told += f"; of the messages, {shares}"
    if facts.notices is not None:
        told += f"; besides, {words.count(facts.notices.messages, 'notice')} to strangers"
    if facts.unclear:
        told += f"; {words.count(facts.unclear, 'further message')} could not be judged"
    return words.capital(f"{told}.")
