"""Which rows tell what became of a mail's recipients?"""

# ruff: noqa: E501 (rows and replies stand here as a server writes them)
from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime, timedelta

from sample_logs.make.company import DOMAIN, RULES, USERS, Fate, Mail
from sample_logs.make.rows import SERVERS, Book, Row, guid, home, ms, stamp, to

NO_SUCH_USER = (
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {} not found by SMTP address lookup"
)
EXPIRED = "550 4.4.7 QUEUE.Expired; message expired"


def log_fates(book: Book, time: datetime, mail: Mail, common: Row, at: str) -> None:
    fates = [fate for fate in mail.fates if fate.via != "rule"]
    here = [fate for fate in fates if fate.address in USERS]
    away = [fate for fate in fates if fate.address not in USERS]
    if (
        here and away and mail.kind == "mixed"
    ):  # outside recipients need another form of the content
        fork = common | {"internal-message-id": book.new_id(at, mail), "server-hostname": at}
        book.write(
            time,
            at,
            "MSGTRK",
            fork | to(away),
            "ROUTING",
            "TRANSFER",
            reference=common["internal-message-id"],
        )
        _outside(book, time + ms(30), away, fork, at)
    else:
        _outside(book, time, away, common, at)
    for server in SERVERS:
        if mine := [fate for fate in here if home(fate.address) == server]:
            _into_mailboxes(book, time, mail, mine, common, at, server)


def _into_mailboxes(
    book: Book, time: datetime, mail: Mail, fates: list[Fate], common: Row, at: str, server: str
) -> None:
    leg = common
    if server != at:
        over = book.new_id(server, mail)
        hop = {
            "client-ip": SERVERS[at],
            "client-hostname": at,
            "server-ip": SERVERS[server],
            "server-hostname": f"{server}.{DOMAIN}",
        }
        reply = f"250 2.6.0 {common['message-id']} [InternalId={over}, Hostname={server}.{DOMAIN}] 5123 bytes in 0.2, 30 KB/sec Queued mail for delivery;ClientSubmitTime:"
        ok = ";".join(["250 2.1.5 Recipient OK"] * len(fates))
        book.write(
            time,
            at,
            "MSGTRK",
            common | hop | to(fates),
            "SMTP",
            "SEND",
            **{
                "source-context": reply,
                "connector-id": "Intra-Organization SMTP Send Connector",
                "recipient-status": ok,
            },
        )
        leg = common | {"internal-message-id": over}
        taken = {
            "client-ip": SERVERS[at],
            "client-hostname": f"{at}.{DOMAIN}",
            "server-ip": SERVERS[server],
            "server-hostname": server,
            "connector-id": f"{server}\\Default {server}",
        }
        book.write(
            time + ms(8),
            server,
            "MSGTRK",
            leg | taken | to(fates),
            "SMTP",
            "RECEIVE",
            **{
                "source-context": f"{book.session + 1:016X};{stamp(time)};0",
                "message-info": "04I: ",
            },
        )
        book.write(
            time + ms(20),
            server,
            "MSGTRK",
            leg | {"server-hostname": server} | to(fates),
            "AGENT",
            "AGENTINFO",
        )
    _stored(book, time + ms(50), mail, fates, leg, server)


def _stored(
    book: Book, time: datetime, mail: Mail, fates: list[Fate], leg: Row, server: str
) -> None:
    """The mailbox transport delivery service; on one of the servers it gives ids of its own."""
    own = {
        "client-ip": SERVERS[server],
        "client-hostname": f"{server}.{DOMAIN}",
        "server-ip": SERVERS[server],
        "server-hostname": server,
    }
    ok = ";".join(["250 2.1.5 Recipient OK"] * len(fates))
    book.write(
        time,
        server,
        "MSGTRK",
        leg | own | to(fates),
        "SMTP",
        "SEND",
        **{
            "connector-id": "Intra-Organization SMTP Send Connector",
            "recipient-status": ok,
            "source-context": "250 2.0.0 OK",
        },
    )
    here = leg if server == "EX01" else leg | {"internal-message-id": book.new_id(server, mail)}
    book.write(
        time + ms(12),
        server,
        "MSGTRKMD",
        here | own | to(fates),
        "STOREDRIVER",
        "DELIVER",
        **{
            "recipient-status": ";".join([""] * len(fates)),
            "source-context": f"MDB:{guid(server)}",
        },
    )
    for fate in fates:
        if mail.kind == "rule" and fate.address in RULES:
            _rule(book, time + ms(300), mail, fate.address, leg, server)


def _rule(book: Book, time: datetime, mail: Mail, owner: str, leg: Row, server: str) -> None:
    """A rule of the mailbox forwards: a message of its own, with a new id on all servers."""
    redirects = book.random.random() < 0.5
    made = leg | {
        "internal-message-id": book.new_id(server, mail),
        "network-message-id": guid(f"rule {leg['network-message-id']}"),
    }
    made |= {
        "return-path": leg["return-path"] if redirects else owner,
        "directionality": "Originating",
        "original-client-ip": "",
        "server-hostname": server,
        "client-hostname": f"{server}.{DOMAIN}",
    }
    fate = [Fate(RULES[owner], owner)]
    book.write(
        time,
        server,
        "MSGTRK",
        made | to(fate),
        "MAILBOXRULE",
        "RECEIVE",
        reference=leg["internal-message-id"],
    )
    _outside(book, time + ms(60), fate, made, server)


def _outside(book: Book, time: datetime, fates: list[Fate], leg: Row, at: str) -> None:
    nobody = [fate for fate in fates if fate.address.endswith(f"@{DOMAIN}")]
    for fate in nobody:
        book.write(
            time,
            at,
            "MSGTRK",
            leg | {"server-hostname": at} | to([fate]),
            "ROUTING",
            "FAIL",
            **{"recipient-status": NO_SUCH_USER.format(fate.address)},
        )
    domains: dict[str, list[Fate]] = defaultdict(list)
    for fate in fates:
        if fate not in nobody:
            domains[fate.address.partition("@")[2]].append(fate)
    for host, mine in domains.items():
        _to_host(book, time, host, mine, leg, at)
        time += ms(15)


def _to_host(book: Book, time: datetime, host: str, fates: list[Fate], leg: Row, at: str) -> None:
    hop = {
        "client-ip": SERVERS[at],
        "client-hostname": at,
        "server-ip": f"192.0.2.{1 + len(host) % 200}",
        "server-hostname": f"mx.{host}",
        "connector-id": "To the Internet",
    }
    for turn in range(3):
        if waiting := [fate for fate in fates if fate.deferred > turn]:
            busy = ";".join(["451 4.7.1 Try again later"] * len(waiting))
            book.write(
                time + timedelta(minutes=10 * turn + 1),
                at,
                "MSGTRK",
                leg | hop | to(waiting),
                "SMTP",
                "DEFER",
                **{"recipient-status": busy},
            )
    for fate in fates:
        later = time + timedelta(minutes=10 * fate.deferred) + ms(fates.index(fate))
        if fate.status == "bounced":
            words = (
                f"550 5.1.1 <{fate.address}>: Recipient address rejected; no such user, 550 really"
            )
            book.write(
                later,
                at,
                "MSGTRK",
                leg | hop | to([fate]),
                "SMTP",
                "FAIL",
                **{"recipient-status": words},
            )
        elif fate.status == "expired":
            book.write(
                time + timedelta(hours=5),
                at,
                "MSGTRK",
                leg | {"server-hostname": at} | to([fate]),
                "QUEUE",
                "FAIL",
                **{"recipient-status": EXPIRED},
            )
        elif fate.deferred and fate.status == "delivered":
            _sent(book, later, [fate], leg | hop)
    if at_once := [fate for fate in fates if fate.status == "delivered" and not fate.deferred]:
        _sent(book, time, at_once, leg | hop)


def _sent(book: Book, time: datetime, fates: list[Fate], leg: Row) -> None:
    ok = ";".join(["250 2.1.5 Ok"] * len(fates))
    queued = f"250 2.0.0 Ok: queued as {hashlib.sha256(leg['message-id'].encode()).hexdigest()[:10].upper()}"
    custom = "S:ExternalSendLatency=0.402;S:ToEntity=Internet;S:FromEntity=Internet;S:IsSmtpResponseFromExternalServer=True"
    book.write(
        time,
        leg["client-hostname"],
        "MSGTRK",
        leg | to(fates),
        "SMTP",
        "SENDEXTERNAL",
        **{
            "recipient-status": ok,
            "source-context": f";{queued};ClientSubmitTime:",
            "custom-data": custom,
        },
    )
