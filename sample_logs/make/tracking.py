"""Which message tracking rows do two servers of Exchange 2016 write for a mail?

Event by event as Microsoft's documentation and published rows of real servers describe: front ends
proxy to the transport service, shadow copies are made on the other server, a mail for a mailbox
elsewhere is handed over.
"""

# ruff: noqa: E501 (rows and replies stand here as a server writes them)
from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from datetime import datetime, timedelta

from sample_logs.make.company import ALIASES, DOMAIN, FORWARDS, GROUPS, RULES, USERS, Fate, Mail

FIELDS = (
    "date-time client-ip client-hostname server-ip server-hostname source-context connector-id source event-id "
    "internal-message-id message-id network-message-id recipient-address recipient-status total-bytes recipient-count "
    "related-recipient-address reference message-subject sender-address return-path message-info directionality "
    "tenant-id original-client-ip original-server-ip custom-data transport-traffic-type log-id schema-version"
).split()
SERVERS = {"EX01": "10.20.0.11", "EX02": "10.20.0.12"}
VERSION = "15.01.2375.007"
NO_SUCH_USER = (
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {} not found by SMTP address lookup"
)
EXPIRED = "550 4.4.7 QUEUE.Expired; message expired"
SUBJECTS = [
    "Invoice, copy",
    'The "green" lot',
    "Re: samples",
    "=1+1",
    "Réunion; jeudi",
    "",
    "delivery 12,5 kg",
]

Row = dict[str, str]


def stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def home(user: str) -> str:
    """The server with the mailbox."""
    return "EX02" if user in USERS and USERS.index(user) % 2 else "EX01"


class Tracking:
    """Rows of every service of every server; `enters` is where each mail came in."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.rows: dict[tuple[str, str], list[tuple[datetime, Row]]] = defaultdict(list)
        self.next_id = {"EX01": 70_912_345_566_400, "EX02": 29_519_319_995_000}
        self.enters: dict[int, str] = {}
        self.session = 0x08DD10A0_00000000

    def log(self, mail: Mail) -> str | None:
        """Log a mail to its end; the session id of the front end's dialogue, if it had one."""
        at = self.enters.get(id(mail.parent), "EX01") if mail.parent else self._entrance(mail)
        self.enters[id(mail)] = at
        network_id = _guid(f"{mail.message_id} {mail.time}")
        common = self._common(mail, network_id)
        time = mail.time
        session = None
        if mail.how == "mailbox":
            time = self._from_mailbox(mail, common, at)
        own = self._new_id(at, mail)
        common |= {"internal-message-id": own}
        if mail.how == "mta":
            self._write(
                time,
                at,
                "MSGTRK",
                common,
                "DSN",
                "DSN",
                reference=f"<{mail.parent.message_id}>" if mail.parent else "",
                **{"server-hostname": at},
            )
        else:
            session = self._received(time, mail, common, at)
        self._shadow(time + _ms(40), common, at)
        self._addresses(time + _ms(60), mail, common, at)
        self._fates(time + _ms(90), mail, common, at)
        return session

    def _entrance(self, mail: Mail) -> str:
        if mail.how == "mailbox":
            return home(mail.sender)
        return (
            "EX01" if mail.relay or mail.how == "smtp587" or self.random.random() < 0.6 else "EX02"
        )

    def _new_id(self, server: str, mail: Mail | None) -> str:
        self.next_id[server] += self.random.randrange(1, 9)
        if mail is not None:
            mail.ids.append(str(self.next_id[server]))
        return str(self.next_id[server])

    def _common(self, mail: Mail, network_id: str) -> Row:
        originating = mail.how in ("mailbox", "smtp587", "mta")
        return {
            "message-id": f"<{mail.message_id}>",
            "network-message-id": network_id,
            "recipient-address": ";".join(mail.recipients),
            "total-bytes": str(mail.size),
            "recipient-count": str(len(mail.recipients)),
            "message-subject": self.random.choice(SUBJECTS),
            "sender-address": mail.sender or f"postmaster@{DOMAIN}",
            "return-path": mail.sender or "<>",
            "directionality": "Originating" if originating else "Incoming",
            "original-client-ip": mail.client_ip or "",
            "original-server-ip": "",
        }

    def _write(
        self,
        time: datetime,
        server: str,
        service: str,
        common: Row,
        source: str,
        event: str,
        **more: str,
    ) -> None:
        row = {**common, "source": source, "event-id": event, "date-time": stamp(time), **more}
        row = {"custom-data": f"S:DeliveryPriority=Normal;S:AccountForest={DOMAIN}", **row}
        row |= {"transport-traffic-type": "Email", "schema-version": VERSION}
        row["log-id"] = _guid(f"{server} {service} {len(self.rows[server, service])}")
        self.rows[server, service].append((time, row))

    def _from_mailbox(self, mail: Mail, common: Row, at: str) -> datetime:
        """Three rows of the mailbox transport submission service."""
        host = {
            "client-ip": SERVERS[at],
            "client-hostname": f"{at}.{DOMAIN}",
            "server-hostname": at,
        }
        box = f"MDB:{_guid(at)}, Mailbox:{_guid(mail.sender)}, Event:{self.random.randrange(10**8)}, MessageClass:IPM.Note, CreationTime:{stamp(mail.time)}, ClientType:MOMT"
        nothing = {"sender-address": mail.sender, "directionality": "", "source-context": box}
        self._write(
            mail.time - _ms(60), at, "MSGTRKMS", nothing, "STOREDRIVER", "NOTIFYMAPI", **host
        )
        own = self._new_id(at, mail)
        to = ";".join(["To"] * len(mail.recipients))
        known = (
            common
            | host
            | {"internal-message-id": own, "source-context": box, "recipient-status": to}
        )
        self._write(
            mail.time, at, "MSGTRKMS", known, "STOREDRIVER", "RECEIVE", **{"message-info": "04I: "}
        )
        self._write(mail.time + _ms(25), at, "MSGTRKMS", known, "STOREDRIVER", "SUBMIT")
        return mail.time + _ms(70)

    def _received(self, time: datetime, mail: Mail, common: Row, at: str) -> str:
        """The transport service takes it from the front end, a proxy on the same server."""
        self.session += self.random.randrange(1, 40)
        hub, front = f"{self.session:016X}", f"{self.session + 0x1000000000000:016X}"
        connector = f"{at}\\Client Proxy {at}" if mail.how == "smtp587" else f"{at}\\Default {at}"
        host = {
            "client-ip": SERVERS[at],
            "client-hostname": f"{at}.{DOMAIN}",
            "server-ip": SERVERS[at],
            "server-hostname": at,
        }
        custom = f"S:ProxyHop1={at}.{DOMAIN}({SERVERS[at]});S:FirstForestHop={at}.{DOMAIN};S:FromEntity=Internet;S:ProxiedClientIPAddress={mail.client_ip};S:ProxiedClientHostname=client"
        from_outside = (
            {"custom-data": custom, "original-server-ip": SERVERS[at]}
            if mail.how != "mailbox"
            else {}
        )
        info = {"smtp25": "0cA: ", "smtp587": "0cI: ", "mailbox": "04I: "}[mail.how]
        context = f"{hub};{stamp(time - _ms(80))};0"
        self._write(
            time,
            at,
            "MSGTRK",
            common | host | from_outside,
            "SMTP",
            "RECEIVE",
            **{"source-context": context, "connector-id": connector, "message-info": info},
        )
        return front

    def _shadow(self, time: datetime, common: Row, at: str) -> None:
        """Shadow redundancy and agents: rows that must not count."""
        other = "EX02" if at == "EX01" else "EX01"
        shadow = self._new_id(other, None)
        hop = {
            "client-ip": SERVERS[at],
            "client-hostname": at,
            "server-ip": SERVERS[other],
            "server-hostname": f"{other}.{DOMAIN}",
        }
        reply = f"250 2.6.0 {common['message-id']} [InternalId={shadow}, Hostname={other}.{DOMAIN}] 5000 bytes in 0.1 Queued mail for delivery;ClientSubmitTime:"
        self._write(
            time, at, "MSGTRK", common | hop, "SMTP", "HAREDIRECT", **{"source-context": reply}
        )
        copy = {
            "client-ip": SERVERS[at],
            "client-hostname": f"{at}.{DOMAIN}",
            "server-hostname": other,
            "internal-message-id": shadow,
        }
        self._write(time, other, "MSGTRK", common | copy, "SMTP", "HARECEIVE")
        self._write(
            time + _ms(10),
            at,
            "MSGTRK",
            common | {"server-hostname": at},
            "AGENT",
            "AGENTINFO",
            **{"custom-data": "S:AMA=SUM|v=0|action=|error=|atch=0;S:CompCost=|ETR=0"},
        )
        discard = {"client-hostname": at, "server-hostname": other, "internal-message-id": shadow}
        self._write(
            time + timedelta(seconds=30),
            other,
            "MSGTRK",
            common | discard,
            "REDUNDANCY",
            "HADISCARD",
        )

    def _addresses(self, time: datetime, mail: Mail, common: Row, at: str) -> None:
        """Groups, aliases and alternate recipients are resolved."""
        replaced = {
            fate.came_as for fate in mail.fates if fate.via in ("group", "alias", "forward")
        }
        for address in sorted(replaced):
            if address in GROUPS:
                event, to = "EXPAND", GROUPS[address]
            elif address in ALIASES:
                event, to = "RESOLVE", [ALIASES[address]]
            else:
                event, to = "REDIRECT", [FORWARDS[address]]
            row = common | {
                "server-hostname": at,
                "recipient-address": ";".join(to),
                "recipient-count": str(len(to)),
                "related-recipient-address": address,
            }
            self._write(time, at, "MSGTRK", row, "ROUTING", event)

    def _fates(self, time: datetime, mail: Mail, common: Row, at: str) -> None:
        fates = [fate for fate in mail.fates if fate.via != "rule"]
        here = [fate for fate in fates if fate.address in USERS]
        away = [fate for fate in fates if fate.address not in USERS]
        if (
            here and away and mail.kind == "mixed"
        ):  # outside recipients need another form of the content
            fork = common | {"internal-message-id": self._new_id(at, mail), "server-hostname": at}
            self._write(
                time,
                at,
                "MSGTRK",
                fork | _to(away),
                "ROUTING",
                "TRANSFER",
                reference=common["internal-message-id"],
            )
            self._outside(time + _ms(30), away, fork, at)
        else:
            self._outside(time, away, common, at)
        for server in SERVERS:
            if mine := [fate for fate in here if home(fate.address) == server]:
                self._into_mailboxes(time, mail, mine, common, at, server)

    def _into_mailboxes(
        self, time: datetime, mail: Mail, fates: list[Fate], common: Row, at: str, server: str
    ) -> None:
        leg = common
        if server != at:
            over = self._new_id(server, mail)
            hop = {
                "client-ip": SERVERS[at],
                "client-hostname": at,
                "server-ip": SERVERS[server],
                "server-hostname": f"{server}.{DOMAIN}",
            }
            reply = f"250 2.6.0 {common['message-id']} [InternalId={over}, Hostname={server}.{DOMAIN}] 5123 bytes in 0.2, 30 KB/sec Queued mail for delivery;ClientSubmitTime:"
            ok = ";".join(["250 2.1.5 Recipient OK"] * len(fates))
            self._write(
                time,
                at,
                "MSGTRK",
                common | hop | _to(fates),
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
            self._write(
                time + _ms(8),
                server,
                "MSGTRK",
                leg | taken | _to(fates),
                "SMTP",
                "RECEIVE",
                **{
                    "source-context": f"{self.session + 1:016X};{stamp(time)};0",
                    "message-info": "04I: ",
                },
            )
            self._write(
                time + _ms(20),
                server,
                "MSGTRK",
                leg | {"server-hostname": server} | _to(fates),
                "AGENT",
                "AGENTINFO",
            )
        self._stored(time + _ms(50), mail, fates, leg, server)

    def _stored(self, time: datetime, mail: Mail, fates: list[Fate], leg: Row, server: str) -> None:
        """The mailbox transport delivery service; on one of the servers it gives ids of its own."""
        own = {
            "client-ip": SERVERS[server],
            "client-hostname": f"{server}.{DOMAIN}",
            "server-ip": SERVERS[server],
            "server-hostname": server,
        }
        ok = ";".join(["250 2.1.5 Recipient OK"] * len(fates))
        self._write(
            time,
            server,
            "MSGTRK",
            leg | own | _to(fates),
            "SMTP",
            "SEND",
            **{
                "connector-id": "Intra-Organization SMTP Send Connector",
                "recipient-status": ok,
                "source-context": "250 2.0.0 OK",
            },
        )
        here = (
            leg if server == "EX01" else leg | {"internal-message-id": self._new_id(server, mail)}
        )
        self._write(
            time + _ms(12),
            server,
            "MSGTRKMD",
            here | own | _to(fates),
            "STOREDRIVER",
            "DELIVER",
            **{
                "recipient-status": ";".join([""] * len(fates)),
                "source-context": f"MDB:{_guid(server)}",
            },
        )
        for fate in fates:
            if mail.kind == "rule" and fate.address in RULES:
                self._rule(time + _ms(300), mail, fate.address, leg, server)

    def _rule(self, time: datetime, mail: Mail, owner: str, leg: Row, server: str) -> None:
        """A rule of the mailbox forwards: a message of its own, with a new id on all servers."""
        redirects = self.random.random() < 0.5
        made = leg | {
            "internal-message-id": self._new_id(server, mail),
            "network-message-id": _guid(f"rule {leg['network-message-id']}"),
        }
        made |= {
            "return-path": leg["return-path"] if redirects else owner,
            "directionality": "Originating",
            "original-client-ip": "",
            "server-hostname": server,
            "client-hostname": f"{server}.{DOMAIN}",
        }
        fate = [Fate(RULES[owner], owner)]
        self._write(
            time,
            server,
            "MSGTRK",
            made | _to(fate),
            "MAILBOXRULE",
            "RECEIVE",
            reference=leg["internal-message-id"],
        )
        self._outside(time + _ms(60), fate, made, server)

    def _outside(self, time: datetime, fates: list[Fate], leg: Row, at: str) -> None:
        nobody = [fate for fate in fates if fate.address.endswith(f"@{DOMAIN}")]
        for fate in nobody:
            self._write(
                time,
                at,
                "MSGTRK",
                leg | {"server-hostname": at} | _to([fate]),
                "ROUTING",
                "FAIL",
                **{"recipient-status": NO_SUCH_USER.format(fate.address)},
            )
        domains: dict[str, list[Fate]] = defaultdict(list)
        for fate in fates:
            if fate not in nobody:
                domains[fate.address.partition("@")[2]].append(fate)
        for host, mine in domains.items():
            self._to_host(time, host, mine, leg, at)
            time += _ms(15)

    def _to_host(self, time: datetime, host: str, fates: list[Fate], leg: Row, at: str) -> None:
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
                self._write(
                    time + timedelta(minutes=10 * turn + 1),
                    at,
                    "MSGTRK",
                    leg | hop | _to(waiting),
                    "SMTP",
                    "DEFER",
                    **{"recipient-status": busy},
                )
        for fate in fates:
            later = time + timedelta(minutes=10 * fate.deferred) + _ms(fates.index(fate))
            if fate.status == "bounced":
                words = f"550 5.1.1 <{fate.address}>: Recipient address rejected; no such user, 550 really"
                self._write(
                    later,
                    at,
                    "MSGTRK",
                    leg | hop | _to([fate]),
                    "SMTP",
                    "FAIL",
                    **{"recipient-status": words},
                )
            elif fate.status == "expired":
                self._write(
                    time + timedelta(hours=5),
                    at,
                    "MSGTRK",
                    leg | {"server-hostname": at} | _to([fate]),
                    "QUEUE",
                    "FAIL",
                    **{"recipient-status": EXPIRED},
                )
            elif fate.deferred and fate.status == "delivered":
                self._sent(later, [fate], leg | hop)
        if at_once := [fate for fate in fates if fate.status == "delivered" and not fate.deferred]:
            self._sent(time, at_once, leg | hop)

    def _sent(self, time: datetime, fates: list[Fate], leg: Row) -> None:
        ok = ";".join(["250 2.1.5 Ok"] * len(fates))
        queued = f"250 2.0.0 Ok: queued as {hashlib.sha256(leg['message-id'].encode()).hexdigest()[:10].upper()}"
        custom = "S:ExternalSendLatency=0.402;S:ToEntity=Internet;S:FromEntity=Internet;S:IsSmtpResponseFromExternalServer=True"
        self._write(
            time,
            leg["client-hostname"],
            "MSGTRK",
            leg | _to(fates),
            "SMTP",
            "SENDEXTERNAL",
            **{
                "recipient-status": ok,
                "source-context": f";{queued};ClientSubmitTime:",
                "custom-data": custom,
            },
        )


def _to(fates: list[Fate]) -> Row:
    addresses = [fate.address for fate in fates]
    return {"recipient-address": ";".join(addresses), "recipient-count": str(len(addresses))}


def _ms(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)


def _guid(text: str) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
