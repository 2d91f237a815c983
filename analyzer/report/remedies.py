"""What is to be done now, in which order, for the door that was found?

Commands and settings are Postfix's: postconf(5), postsuper(1), postcat(1).
"""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.report.facts import Facts, Total

Step = dict[str, Any]  # title, text, lines (to be typed, or to stand in a file)


def steps(facts: Facts, blocklists: list[dict[str, Any]]) -> list[Step]:
    """The list of a case: doors, queue, proof, blocklists, evidence."""
    if not facts.found:
        return [LOOK_ELSEWHERE] if facts.site_known else [NAME_WHO_IS_LOCAL, LOOK_ELSEWHERE]
    # Notices about relayed mail end with the relaying.
    doors = {d: t for d, t in facts.doors.items() if t is not facts.notices}
    masks = facts.findings.loc[facts.findings["detector"] == "mask", "subject"]
    listed = [step for door, total in doors.items() for step in _close(door, total, set(masks))]
    waiting = facts.total.deferred + (facts.notices.deferred if facts.notices else 0)
    if waiting:
        listed.append(_queue(waiting))
    if "open_relay" in facts.doors:
        listed.append(PROVE)
    if blocklists:
        listed.append(_removal(blocklists))
    return [*listed, KEEP]


def _step(title: str, text: str, *lines: str) -> Step:
    return {"title": title, "text": text, "lines": list(lines)}


def _close(door: str, total: Total, gateways: set[str]) -> list[Step]:
    if door == "open_relay":
        return [CLOSE_RELAY, _open_relay(total)]
    if door == "stolen_account":
        return [_stolen_account(total), OWN_SENDERS]
    if door == "trusted_host":
        hosts = [address for address in total.addresses if address not in gateways]
        return [_trusted_host(hosts), GATEWAY] if hosts else [GATEWAY]
    return {"local_injection": INJECTION, "backscatter": BACKSCATTER}.get(door, [NAME_WHO_IS_LOCAL])


def _addresses(total: Total) -> str:
    return words.listing([display(address, 45) for address in total.addresses])


CLOSE_RELAY = _step(
    "Close the relay",
    "Only your own networks and people who log in may send to the outside. In main.cf:",
    "smtpd_relay_restrictions = permit_mynetworks,",
    "    permit_sasl_authenticated, defer_unauth_destination",
)


def _open_relay(total: Total) -> Step:
    return _step(
        "Look at who counts as your own network",
        f"A mynetworks that covers {_addresses(total)} is the likeliest hole; so is a permit, "
        "check_client_access or relay_domains entry that is too wide, or an -o override in "
        "master.cf. List only addresses that are yours, then reload.",
        "postconf -n mynetworks mynetworks_style relay_domains smtpd_relay_restrictions",
        "postconf -n smtpd_recipient_restrictions; postconf -P | grep restrictions",
        "postfix check && postfix reload",
    )


def _stolen_account(total: Total) -> Step:
    accounts = words.listing([display(account, 60) for account in total.accounts], 5)
    return _step(
        "Lock the login and give it a new password",
        f"{accounts}: end its sessions, look for forwarding rules and other devices, and ask "
        "where else the password was in use. Treat the mailbox as read by strangers.",
    )


OWN_SENDERS = _step(
    "Let a login send only as itself",
    "A map of logins and their addresses makes forged senders fail. For the submission service:",
    "smtpd_sender_login_maps = hash:/etc/postfix/sender_logins",
    "smtpd_sender_restrictions = reject_sender_login_mismatch",
)


def _trusted_host(hosts: list[str]) -> Step:
    named = words.listing([display(address, 45) for address in hosts])
    return _step(
        "Take the trusted host off the mail path",
        f"{named} may send without a login because mynetworks says so. Take it out of "
        "mynetworks, examine the machine, and let its programs log in on the submission service.",
        "postconf -n mynetworks",
        "postfix reload",
    )


GATEWAY = _step(
    "If that address is a gateway, make the clients behind it visible",
    "A container network or address translation that hides its clients makes every stranger "
    "trusted. Pass the true address on (smtpd_upstream_proxy_protocol) and keep the gateway out of "
    "mynetworks.",
)
INJECTION = [
    _step(
        "Find the script or user that injects the mail",
        "The log names a user id, not a script. Read the headers of a message still in the queue "
        "(X-PHP-Originating-Script names a PHP file) and the web server's log of the same time.",
        "postqueue -p",
        "postcat -vq QUEUE_ID",
    ),
    _step(
        "Name the users who may submit on this server",
        "Leave the web server's user out until the script is mended. In main.cf:",
        "authorized_submit_users = !www-data, static:all",
    ),
]
BACKSCATTER = [
    _step(
        "Refuse what cannot be delivered, instead of answering it",
        "Mail for unknown users has to fail while the client is connected: a notice afterwards "
        "goes to whoever was forged as sender. The maps of valid recipients must not be empty, and "
        "no catch-all may hide them.",
        "smtpd_reject_unlisted_recipient = yes",
        "postconf -n local_recipient_maps relay_recipient_maps virtual_alias_maps luser_relay",
    )
]
NAME_WHO_IS_LOCAL = _step(
    "Name who is local, then analyse again",
    "A site.toml with your domains and networks decides what was inferred here.",
)
PROVE = _step(
    "Prove that it is closed, from outside",
    "From an address outside your networks, name a sender and a recipient that are both elsewhere. "
    "The answer to RCPT TO has to be 454 or 554 (Relay access denied); 250 means that the door is "
    "still open.",
)
KEEP = _step(
    "Keep the evidence, and tell the networks it came from",
    "Keep the original logs and this case folder unchanged; manifest.json holds their SHA-256. "
    "Send the source networks' abuse desks the times (UTC), addresses and queue ids.",
)
LOOK_ELSEWHERE = _step(
    "If a blocklist names this server, ask it for a time, and look elsewhere too",
    "See that its time lies within the log. Other machines behind the same public address, a "
    "second mail server, a HELO name that is refused by itself, or mail that bypassed this server "
    "leave no line here.",
)


def _queue(waiting: int) -> Step:
    return _step(
        "Stop what still waits in the queue",
        f"Mail to {words.count(waiting, 'recipient')} of the abuse still waited when the log "
        "ended, and the server tries for days. Hold the queue, delete those messages (queue_id in "
        "deliveries.parquet, status deferred), release the rest.",
        "postsuper -h ALL;  postsuper -d QUEUE_ID;  postsuper -H ALL",
    )


def _removal(blocklists: list[dict[str, Any]]) -> Step:
    pages = [
        f"{display(str(entry.get('provider', '')), 60)}: "
        f"{display(str(entry.get('page') or words.NONE), 120)}"
        for entry in blocklists
    ]
    return _step(
        "Ask for removal, once it is closed",
        "A list that finds the door still open lists again, for longer. Give the cause, the end, "
        "and what was changed.",
        *pages,
    )
