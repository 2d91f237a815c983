"""What is to be done now, in which order, for the door that was found?"""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.report import repairs, xarf
from analyzer.report.dialect import dialect
from analyzer.report.facts import Facts
from analyzer.report.refusals import provider
from analyzer.report.repairs import Step, to_do
from analyzer.report.totals import Total
from analyzer.report.waiting import perhaps_honest

USERS = 10  # named in a command


def steps(facts: Facts, blocklists: list[dict[str, Any]]) -> list[Step]:
    """The list of a case: doors, queue, proof, blocklists, evidence."""
    if not facts.found:
        return [LOOK_ELSEWHERE] if facts.site_known else [NAME_WHO_IS_LOCAL, LOOK_ELSEWHERE]
    listed = [_hidden_login(*facts.mailbox)] if facts.mailbox else []
    listed += [step for mta in facts.mtas for step in _on(mta, facts)]
    if facts.queued:
        listed.append(_still_queued(*facts.queued))
    if "open_relay" in facts.doors:
        listed.append(PROVE)
    if still := [entry for entry in blocklists if not entry.get("ended")]:
        listed.append(_removal(still))
    return [*listed, KEEP_AND_TELL if _came_from_outside(facts) else KEEP]


def _came_from_outside(facts: Facts) -> bool:
    """Is there a network to write to? The same that get an X-ARF report."""
    addresses = [
        a for name in xarf.DOORS if name in facts.doors for a in facts.doors[name].addresses
    ]
    return facts.verdict != "possible" and any(map(xarf.outside, addresses))


def _on(mta: str, facts: Facts) -> list[Step]:
    """What to change on one kind of mail server; named where the case has several."""
    # Notices about relayed mail end with the relaying: they are no cause.
    causes = facts.causes.items()
    named = dialect(mta, without_shell=facts.without_shell)
    listed = [step for door, total in causes for step in _close(named, door, total, facts)]
    listed += _queue(mta, named, facts)
    if len(facts.mtas) == 1:
        return listed
    name = repairs.NAMES.get(mta, display(mta, 20))
    return [step | {"title": f"{name}: {step['title']}"} for step in listed]


def _queue(mta: str, named: str, facts: Facts) -> list[Step]:
    """What first aid names is deleted; what may be honest is looked at."""
    waiting = facts.waiting.on(mta)
    if not waiting.messages:
        return []
    listed = waiting.ground == "listing"
    when = "when the queue was listed" if listed else "when the log ended"
    to = words.count(int(waiting.queued["recipients"].sum()), "recipient")
    still = f"still waited {when}, for {to}, and the server tries for days"
    if not waiting.sure:
        table = "queue.parquet" if listed else "deliveries.parquet"
        return [
            to_do(
                "Look at what waits in the queue, and delete none of it unseen",
                f"{waiting.named('that may be abuse')} {still}; "
                f"{perhaps_honest(waiting.messages)}. {table} has the queue ids (verdict unclear), "
                "and `relaytrail trace` tells of each.",
            )
        ]
    return [
        to_do(
            "Stop what still waits in the queue",
            f"{waiting.named('of the abuse')} {still}. `relaytrail aid` names that by queue id, "
            "and no mail of others; keep a copy as evidence.",
            *repairs.delete(named, alone=len(facts.mtas) == 1),
        )
    ]


def _close(mta: str, door: str, total: Total, facts: Facts) -> list[Step]:
    if door == "stolen_account":
        return [_stolen_account(total, facts), *repairs.of(mta, "own_senders")]
    if door == "trusted_host":
        hosts = [address for address in total.addresses if address not in facts.gateways]
        machines = repairs.of(mta, door, hosts=_addresses(hosts)) if hosts else []
        if facts.gateways.isdisjoint(total.addresses):
            return [*machines, *repairs.if_gateway(mta)]
        return [*machines, *repairs.of(mta, "gateway")]
    if door == "local_injection":
        users = repairs.shell(facts.users)[:USERS]
        named = repairs.of(mta, "local_user", uids=words.listing(users, 5), users=" ".join(users))
        return [*repairs.of(mta, door), *(named if users else [])]
    if door == "backscatter" and facts.forwards.targets:
        refused = [] if facts.forwards.alone else repairs.of(mta, door)
        return [*refused, _forwards(facts.forwards.targets)]
    known = repairs.of(mta, door, addresses=_addresses(total.addresses))
    return known or [NAME_WHO_IS_LOCAL]


def _addresses(addresses: list[str]) -> str:
    return words.listing([display(address, 45) for address in addresses])


def _stolen_account(total: Total, facts: Facts) -> Step:
    accounts = words.listing([display(account, 60) for account in total.accounts], 5)
    if facts.by_owner:
        machine = ", and examine the machine" if facts.own_machine else ""
        return to_do(
            f"Ask the owner of the login whether that mail is theirs{machine}",
            f"{accounts}: a mailing of their own, or a new place to work from, looks like it too. "
            "If it is not theirs, lock the login, give it a new password and end its sessions.",
        )
    return to_do(
        "Lock the login and give it a new password",
        f"{accounts}: end its sessions, look for forwarding rules and other devices, and ask "
        "where else the password was in use. Treat the mailbox as read by strangers.",
    )


def _forwards(targets: list[str]) -> Step:
    return to_do(
        "Mend or end the forwards that others refuse",
        "Mail that is passed on and refused there comes back as a notice to whoever stands as its "
        "sender, who is often forged. Forward no spam, and ask the owners of the addresses that "
        "pass mail on to these:",
        *[display(target, 100) for target in targets[:USERS]],
    )


def _hidden_login(sender: str, messages: int) -> Step:
    return to_do(
        "Lock the account of the sender, if a webmail handed its mail over",
        f"{words.count(messages, 'message')} came with the sender "
        f"{display(sender, 60)}, and the log names no login. The webmail's own log does: if it is "
        "this one, end its sessions and give it a new password.",
    )


NAME_WHO_IS_LOCAL = to_do(
    "Name who is local, then analyse again",
    "A site.toml with your domains and networks decides what was inferred here.",
)
PROVE = to_do(
    "Prove that it is closed, from outside",
    "From an address outside your networks, name a sender and a recipient that are both elsewhere. "
    "The answer to RCPT TO has to be a refusal, such as 454, 550 or 554; 250 means that the door "
    "is still open.",
)
KEEP = to_do(
    "Keep the evidence",
    "Keep the original logs and this case folder unchanged; manifest.json holds their SHA-256.",
)
KEEP_AND_TELL = to_do(
    "Keep the evidence, and tell the networks it came from",
    f"{KEEP['text']} Send the source networks' abuse desks the times (UTC), addresses and queue "
    "ids: `relaytrail report --for technical` writes a report for each.",
)
LOOK_ELSEWHERE = to_do(
    "If a blocklist names this server, ask it for a time, and look elsewhere too",
    "See that its time lies within the log. Other machines behind the same public address, a "
    "second mail server, a HELO name that is refused by itself, or mail that bypassed this server "
    "leave no line here.",
)


def _still_queued(listed: int, abusive: int) -> Step:
    """By a listing of the queue, not by the log."""
    return to_do(
        "See what the listing of the queue has",
        f"{words.count(listed, 'recipient')} still waited when the queue was "
        f"listed, {abusive:,} of them of the abuse: queue.parquet has their queue ids.",
    )


def _removal(blocklists: list[dict[str, Any]]) -> Step:
    pages = [
        f"{provider(entry)}: {display(str(entry.get('page') or words.NONE), 120)}"
        for entry in blocklists
    ]
    return to_do(
        "Ask for removal, once it is closed",
        "A list that finds the door still open lists again, for longer. Give the cause, the end, "
        "and what was changed.",
        *pages,
    )
