"""Which message tracking rows do two servers of Exchange 2016 write for a mail?

Event by event as Microsoft's documentation and published rows of real servers describe: front ends
proxy to the transport service, shadow copies are made on the other server, a mail for a mailbox
elsewhere is handed over.
"""

# ruff: noqa: E501 (rows and replies stand here as a server writes them)
from __future__ import annotations

from datetime import datetime, timedelta

from sample_logs.make.company import ALIASES, DOMAIN, FORWARDS, GROUPS, Mail
from sample_logs.make.fates import log_fates
from sample_logs.make.rows import SERVERS, Book, Row, guid, home, ms, stamp

SUBJECTS = [
    "Invoice, copy",
    'The "green" lot',
    "Re: samples",
    "=1+1",
    "Réunion; jeudi",
    "",
    "delivery 12,5 kg",
]


class Tracking:
    """Logs mails in the book; `enters` is where each came in."""

    def __init__(self, seed: int) -> None:
        self.book = Book(seed)
        self.enters: dict[int, str] = {}

    def log(self, mail: Mail) -> str | None:
        """Log a mail to its end; the session id of the front end's dialogue, if it had one."""
        at = self.enters.get(id(mail.parent), "EX01") if mail.parent else self._entrance(mail)
        self.enters[id(mail)] = at
        network_id = guid(f"{mail.message_id} {mail.time}")
        common = self._common(mail, network_id)
        time = mail.time
        session = None
        if mail.how == "mailbox":
            time = self._from_mailbox(mail, common, at)
        own = self.book.new_id(at, mail)
        common |= {"internal-message-id": own}
        if mail.how == "mta":
            self.book.write(
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
        self._shadow(time + ms(40), common, at)
        self._addresses(time + ms(60), mail, common, at)
        log_fates(self.book, time + ms(90), mail, common, at)
        return session

    def _entrance(self, mail: Mail) -> str:
        if mail.how == "mailbox":
            return home(mail.sender)
        return (
            "EX01"
            if mail.relay or mail.how == "smtp587" or self.book.random.random() < 0.6
            else "EX02"
        )

    def _common(self, mail: Mail, network_id: str) -> Row:
        originating = mail.how in ("mailbox", "smtp587", "mta")
        return {
            "message-id": f"<{mail.message_id}>",
            "network-message-id": network_id,
            "recipient-address": ";".join(mail.recipients),
            "total-bytes": str(mail.size),
            "recipient-count": str(len(mail.recipients)),
            "message-subject": self.book.random.choice(SUBJECTS),
            "sender-address": mail.sender or f"postmaster@{DOMAIN}",
            "return-path": mail.sender or "<>",
            "directionality": "Originating" if originating else "Incoming",
            "original-client-ip": mail.client_ip or "",
            "original-server-ip": "",
        }

    def _from_mailbox(self, mail: Mail, common: Row, at: str) -> datetime:
        """Three rows of the mailbox transport submission service."""
        host = {
            "client-ip": SERVERS[at],
            "client-hostname": f"{at}.{DOMAIN}",
            "server-hostname": at,
        }
        box = f"MDB:{guid(at)}, Mailbox:{guid(mail.sender)}, Event:{self.book.random.randrange(10**8)}, MessageClass:IPM.Note, CreationTime:{stamp(mail.time)}, ClientType:MOMT"
        nothing = {"sender-address": mail.sender, "directionality": "", "source-context": box}
        self.book.write(
            mail.time - ms(60), at, "MSGTRKMS", nothing, "STOREDRIVER", "NOTIFYMAPI", **host
        )
        own = self.book.new_id(at, mail)
        to = ";".join(["To"] * len(mail.recipients))
        known = (
            common
            | host
            | {"internal-message-id": own, "source-context": box, "recipient-status": to}
        )
        self.book.write(
            mail.time, at, "MSGTRKMS", known, "STOREDRIVER", "RECEIVE", **{"message-info": "04I: "}
        )
        self.book.write(mail.time + ms(25), at, "MSGTRKMS", known, "STOREDRIVER", "SUBMIT")
        return mail.time + ms(70)

    def _received(self, time: datetime, mail: Mail, common: Row, at: str) -> str:
        """The transport service takes it from the front end, a proxy on the same server."""
        self.book.session += self.book.random.randrange(1, 40)
        hub, front = f"{self.book.session:016X}", f"{self.book.session + 0x1000000000000:016X}"
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
        context = f"{hub};{stamp(time - ms(80))};0"
        self.book.write(
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
        shadow = self.book.new_id(other, None)
        hop = {
            "client-ip": SERVERS[at],
            "client-hostname": at,
            "server-ip": SERVERS[other],
            "server-hostname": f"{other}.{DOMAIN}",
        }
        reply = f"250 2.6.0 {common['message-id']} [InternalId={shadow}, Hostname={other}.{DOMAIN}] 5000 bytes in 0.1 Queued mail for delivery;ClientSubmitTime:"
        self.book.write(
            time, at, "MSGTRK", common | hop, "SMTP", "HAREDIRECT", **{"source-context": reply}
        )
        copy = {
            "client-ip": SERVERS[at],
            "client-hostname": f"{at}.{DOMAIN}",
            "server-hostname": other,
            "internal-message-id": shadow,
        }
        self.book.write(time, other, "MSGTRK", common | copy, "SMTP", "HARECEIVE")
        self.book.write(
            time + ms(10),
            at,
            "MSGTRK",
            common | {"server-hostname": at},
            "AGENT",
            "AGENTINFO",
            **{"custom-data": "S:AMA=SUM|v=0|action=|error=|atch=0;S:CompCost=|ETR=0"},
        )
        discard = {"client-hostname": at, "server-hostname": other, "internal-message-id": shadow}
        self.book.write(
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
            self.book.write(time, at, "MSGTRK", row, "ROUTING", event)
