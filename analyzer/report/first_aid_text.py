"""How is first aid told on a terminal, in the words of each mail server?"""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.report import repairs
from analyzer.report.dialect import dialect
from analyzer.report.waiting import named, perhaps_honest

SHOWN = 10  # of a list; --json and --ids have all
NAME = 33  # columns of a name
USERS = 5  # named in a command
# To be pasted: what is no command is a comment.
LOCK = {
    "postfix": ("doveadm kick LOGIN    # ends its sessions; change the password first",),
    "sendmail": ("passwd -l LOGIN", "saslpasswd2 -d LOGIN"),
    "exchange": (
        "Disable-ADAccount LOGIN",
        "Set-CASMailbox LOGIN -SmtpClientAuthenticationDisabled $true",
    ),
}
CHANGE = "# change the password"
INSIDE = {
    "ip": (
        "host",
        "of yours sent it",
        "take {it} off the network, or refuse {it} before what permits your networks",
    ),
    "uid": ("local user", "sent it", ""),
    "server": (
        "program",
        "of the mail server's own machine sent it",
        "look for {it}: ps -ef, crontab -l, and what was uploaded to its web server",
    ),
}
USER = (
    "ps -fu {listed}",
    "getent passwd {users}    # begins with NAME",
    "crontab -l -u NAME",
    "# in Postfix's main.cf, until it is mended:",
    "authorized_submit_users = !NAME, static:all",
)
HANDED_OVER = "look first in the log there: who logged in? If nobody did, the infection is there"
# Lines of a table begin at the margin and have a comment on a line of its own.
REFUSE = {
    "postfix": (
        "In a cidr table that check_client_access names, before any permit:",
        "{ip}{bits} REJECT",
    ),
    "sendmail": ("In /etc/mail/access, then makemap:", "Connect:{tag}{ip} REJECT"),
    "exchange": ("In the Exchange shell:", "Add-IPBlockListEntry -IPAddress {ip}"),
    "exchange_2003": (
        f"In {repairs.MANAGER}: Message Delivery, Connection Filtering, Deny:",
        "{ip}",
    ),
}


def as_text(told: dict[str, Any]) -> list[str]:
    """At most 80 columns; strangers' words are safe to print. Nothing of it is run."""
    lines = [
        *_queue_text(told["queue"], without_shell=told["without_shell"]),
        "",
        *_accounts_text(told),
        *_inside_text(told["inside"], handed_over=bool(told["mailbox"])),
        "",
    ]
    lines += _addresses_text(told["addresses"], without_shell=told["without_shell"])
    lines += [""] if told["addresses"] and told["not_offered"] else []
    for one in told["not_offered"][:SHOWN]:
        mail = words.count(one["messages"], "message")
        lines += words.wrapped(
            f"Not offered: {display(one['what'], 60)} ({mail}): {one['reason']}."
        )
    if more := told["not_offered"][SHOWN:]:
        lines.append(f"Not offered either: {words.count(len(more), 'more address')}; see --json.")
    lines += ["", *beware(told)] if beware(told) else []
    return [*lines, "", "Nothing of this was run. Keep a copy of what you delete as evidence."]


def beware(told: dict[str, Any]) -> list[str]:
    """What may be missing; nothing where every line was read."""
    if not told["unread"]:
        return []
    unread = words.count(told["unread"], "line")
    return words.wrapped(f"Beware: {unread} of mail servers could not be read and may hide more.")


def _queue_text(queue: dict[str, Any], *, without_shell: bool) -> list[str]:
    by = "the listing of the queue" if queue["ground"] == "listing" else "the end of the log"
    messages = queue["messages"]
    servers = sorted({one["mta"] for one in messages})
    lines = []
    if not messages:
        sure = " that is surely" if queue["not_sure"] else " of the"
        lines += words.wrapped(f"By {by}, no message{sure} abuse is still queued.")
    for mta in servers:
        mine = [one for one in messages if one["mta"] == mta]
        them = words.form(len(mine), "it", "them")
        lines += words.wrapped(f"{words.capital(_queued(mine))}, by {by}. To delete {them}:")
        words_of = dialect(mta, without_shell=without_shell)
        lines += [f"    {command}" for command in repairs.delete(words_of, alone=len(servers) == 1)]
        lines += [f"  {one['queue_id']:20} {_row(one)}" for one in mine[:SHOWN]]
        lines += [f"  and {len(mine) - SHOWN:,} more: --ids"] if len(mine) > SHOWN else []
    if queue["not_sure"]:
        unsure = words.capital(_unsure(queue["not_sure"], queue["not_sure_without_end"]))
        lines += words.wrapped(f"{unsure}: look first, {perhaps_honest(queue['not_sure'])}.")
    return [display(line, 120) for line in lines]


def _queued(mine: list[dict[str, Any]]) -> str:
    """How many, notices told apart; and those of which the log shows no end."""
    waiting = [one for one in mine if one["waits"]]
    notices = sum(one["mechanism"] == "backscatter" for one in waiting)
    recipients = words.count(sum(one["recipients"] for one in waiting), "recipient")
    told = f"{named(len(waiting), notices, 'of the abuse')} still queued, for {recipients}"
    return _with_no_end(told if waiting else "", len(mine) - len(waiting), "of the abuse")


def _unsure(every: int, without_end: int) -> str:
    waiting = every - without_end
    wait = words.form(waiting, "waits", "wait")
    told = f"{words.count(waiting, 'message')} that may be abuse still {wait}" if waiting else ""
    return _with_no_end(told, without_end, "that may be abuse")


def _with_no_end(told: str, rest: int, which: str) -> str:
    """What waits, and of how many more that may be."""
    if not rest:
        return told
    if told:
        return f"{told}; of {rest:,} more the log shows no end"
    return f"of {words.count(rest, 'message')} {which} the log shows no end"


def _row(one: dict[str, Any]) -> str:
    place = display(f"{one['place']['source']}:{one['place']['line']}", 30)
    return f"{words.count(one['recipients'], 'recipient'):14} {one['mechanism'] or '':15} {place}"


def _accounts_text(told: dict[str, Any]) -> list[str]:
    accounts, refused = told["accounts"], told["refused"]
    also = [line for sentence in refused for line in words.wrapped(sentence)]
    if told["mailbox"]:
        also += words.wrapped(_mailbox(**told["mailbox"]))
    if not accounts:
        none = "No account to lock: no login of the log was used by somebody else."
        return also or [none]
    lines = [f"{words.count(len(accounts), 'account')} to lock:"]
    lines += _listed([(one["account"], one) for one in accounts])
    for mta in sorted({one["mta"] for one in accounts}):
        lines += [f"    {command}" for command in LOCK.get(mta, (CHANGE,))]
    return lines + also


def _mailbox(sender: str, messages: int) -> str:
    mail = words.count(messages, "message")
    return (
        f"An account to lock that no login of the log names: {mail} came with the sender "
        f"{display(sender, 60)}. If a webmail runs there, or its login is not logged, it is this "
        "one."
    )


def _inside_text(inside: list[dict[str, Any]], *, handed_over: bool) -> list[str]:
    """*handed_over*: a host may have done no more than to hand over the mail of an account."""
    lines = []
    for kind, (unit, did, way) in INSIDE.items():
        mine = [(f"{kind} {one['subject']}", one) for one in inside if one["kind"] == kind]
        if mine:
            lines += ["", f"{words.count(len(mine), unit)} {did}:", *_listed(mine)]
            found = HANDED_OVER if handed_over and kind == "ip" else way
            told = found.format(it=words.form(len(mine), "it", "them"))
            lines += words.wrapped(told, "    ", "    ")
            lines += _users([one["subject"] for _, one in mine]) if kind == "uid" else []
    return lines


def _users(subjects: list[str]) -> list[str]:
    """What finds and stops local users."""
    users = repairs.shell(subjects)[:USERS]
    told = {"users": " ".join(users), "listed": ",".join(users)}
    return [f"    {command.format(**told)}" for command in USER] if users else []


def _listed(named: list[tuple[str, dict[str, Any]]]) -> list[str]:
    lines = []
    for name, one in named[:SHOWN]:
        mail = words.count(one["messages"], "message")
        lines.append(
            display(f"  {display(name, NAME):{NAME}} {mail}, last {one['last']}", words.WIDTH)
        )
    return lines + ([f"  and {len(named) - SHOWN:,} more"] if len(named) > SHOWN else [])


def _addresses_text(addresses: list[dict[str, Any]], *, without_shell: bool) -> list[str]:
    if not addresses:
        return ["No address to refuse."]
    total = words.count(sum(one["messages"] for one in addresses), "message")
    told = f"{words.count(len(addresses), 'address')} to refuse, of {total}"
    lines = words.wrapped(
        f"{words.capital(told)}. Close the door first: tomorrow it is another address."
    )
    for mta in sorted({one["mta"] for one in addresses}):
        mine = [one for one in addresses if one["mta"] == mta]
        head, form = REFUSE[dialect(mta, without_shell=without_shell)]
        lines += ["", head]
        for one in mine[:SHOWN]:
            six = ":" in one["ip"]
            said = form.format(
                ip=one["ip"], bits="/128" if six else "/32", tag="IPv6:" if six else ""
            )
            lines += [f"# {words.count(one['messages'], 'message')}", said]
        lines += [f"# and {len(mine) - SHOWN:,} more: --json"] if len(mine) > SHOWN else []
    return lines
