"""What does Postfix write about a message, from acceptance to removal?

Source: smtpd.c, pickup.c, cleanup_message.c, qmgr_active.c, log_adhoc.c, bounce_notify_util.c,
postsuper.c.
"""

from __future__ import annotations

from analyzer.formats.postfix_words import (
    ADDRESS,
    AGENTS,
    BOUNCE,
    CLEANUP,
    CLIENT,
    ID,
    OWN_RELAY,
    PORT,
    QMGR,
    REMOTE,
    REMOTE_RELAY,
    SECONDS,
    SMTPD,
    sample,
)
from analyzer.formats.shapes import Shape, programs

NUMBER = "[0-9]{1,18}"

ACCEPTANCE_LINES = (
    Shape(
        kind="client",
        meaning="smtpd accepted the first recipient of this client: the message begins",
        programs=SMTPD,
        prefix=b"client=",
        fast=(
            (
                (
                    r"^client=(?P<client_name>[^\[,]*)\[(?P<client_ip>[^\]]*)\]"
                    r"(?:, sasl_method=(?P<auth_method>[^,]*), "
                    r"sasl_username=(?P<auth_user>[^,]*))?$"
                ),
                "",
            ),
        ),
        complete=(
            rf"^client={CLIENT}(?:, sasl_method=(?P<auth_method>[^,]*))?"
            r"(?:, sasl_username=(?P<auth_user>.*?))?(?:, sasl_sender=.*?)?"
            rf"(?:, orig_queue_id=(?P<orig_queue_id>{ID}))?(?:, orig_client="
            rf"(?P<orig_client_name>[^\[,]*)\[(?P<orig_client_ip>[^\]]*)\]{PORT})?$"
        ),
        sample=sample("smtpd", "client=a.example[192.0.2.7]"),
    ),
    Shape(
        kind="pickup",
        meaning="a local program handed a message to the sendmail command: the message begins",
        programs=programs("pickup"),
        prefix=b"uid=",
        fast=((r'^uid=(?P<uid>[0-9]{1,15}) from=<(?P<sender>[^">]*)>$', ""),),
        complete=(
            r"^uid=(?P<uid>[0-9]{1,15}) from=<(?P<sender>.*?)>"
            rf"(?: orig_id=(?P<orig_queue_id>{ID}))?$"
        ),
        sample=sample("pickup", "uid=33 from=<www-data>"),
    ),
    Shape(
        kind="message_id",
        meaning="cleanup read the header; with no line of smtpd or pickup before, Postfix made it",
        programs=CLEANUP,
        prefix=b"message-id=",
        fast=((r"^message-id=<(?P<message_id>[^<>]*)>$", ""),),
        complete=r"^message-id=<?(?P<message_id>.*?)>?$",
        sample=sample("cleanup", "message-id=<1@a.example>"),
    ),
)

QUEUE_LINES = (
    Shape(
        kind="queued",
        meaning="the queue manager took the message up; repeated at every retry",
        programs=QMGR,
        prefix=b"from=<",
        fast=(
            (
                (
                    rf'^from=<(?P<sender>[^">]*)>, size=(?P<size>{NUMBER}), '
                    rf"nrcpt=(?P<recipients>{NUMBER}) \(queue active\)$"
                ),
                "",
            ),
        ),
        complete=(
            rf"^from=<(?P<sender>.*)>, size=(?P<size>{NUMBER})(?: \(queue active\)"
            rf"|, nrcpt=(?P<recipients>{NUMBER}) ?(?:\(queue active\))?)$"
        ),
        sample=sample("qmgr", "from=<ann@a.example>, size=652, nrcpt=1 (queue active)"),
    ),
    Shape(
        kind="expired",
        meaning="the queue lifetime is over: what is still deferred is returned to the sender",
        programs=QMGR,
        prefix=b"from=<",
        complete=(
            r"^from=<(?P<sender>.*)>, status=(?P<status>(?:force-)?expired), returned to sender$"
        ),
        sample=sample("qmgr", "from=<ann@a.example>, status=expired, returned to sender"),
    ),
    Shape(
        kind="removed",
        meaning="the message left the queue: its queue id may be used again",
        programs=QMGR | CLEANUP,
        prefix=b"removed",
        complete=r"^removed$",
        sample=sample("qmgr", "removed"),
    ),
    Shape(
        kind="cancelled",
        meaning="the client never completed the message (3.10 and later)",
        programs=CLEANUP | SMTPD,
        prefix=b"canceled",
        complete=r"^canceled$",
        sample=sample("cleanup", "canceled"),
    ),
    Shape(
        kind="administered",
        meaning="an administrator used postsuper on the message",
        programs=programs("postsuper"),
        prefix=b"",
        complete=(
            r"^(?P<action>removed|requeued|placed on hold|released from hold|"
            r"expired|force-expired)$"
        ),
        sample=sample("postsuper", "placed on hold"),
    ),
)


def _delivery(agents: frozenset[str], relay: str, line: str) -> Shape:
    """A recipient may hold what looks like the rest of the line: Postfix before 3.5 logs him raw.

    So much of the rest as is the server's own must fit the daemon: a remote agent names the host it
    spoke to, with its address, and every other one its own service.
    """
    return Shape(
        kind="delivery",
        meaning="one attempt to deliver to one recipient, and how it ended",
        programs=agents,
        prefix=b"to=",
        closing=True,
        fast=(
            (
                (
                    (
                        r'^to=<(?P<recipient>[^">]*)(?:>, orig_to=<(?P<orig_recipient>[^">]*))?$',
                        ">, relay=",
                    ),
                    (rf"^(?P<relay>{relay})(?:, conn_use=[0-9]+)?$", ""),
                ),
                ", delay=",
            ),
            (
                rf"^(?P<delay>{SECONDS})(?:, delays=(?P<delays>[0-9./]*))?(?:, tls=[^ ]*)?$",
                ", dsn=",
            ),
            (r"^(?P<dsn>[0-9.]*), status=(?P<status>[A-Za-z-]*)$", " ("),
            (r"^(?P<reply>.*)$", ""),
        ),
        complete=(
            rf"^to=<?(?P<recipient>{ADDRESS})>?, (?:orig_to=<?(?P<orig_recipient>{ADDRESS})>?, )?"
            rf"relay=(?P<relay>{relay})(?:, conn_use=[0-9]+,?|,) delay=(?P<delay>{SECONDS})"
            r"(?:, delays=(?P<delays>[0-9./]*))?(?:, tls=[^ ]*)?(?:, dsn=(?P<dsn>[0-9.]*))?"
            r", status=(?P<status>[A-Za-z-]+)(?: \((?P<reply>.*))?$"
        ),
        sample=line,
    )


DELIVERY_LINES = (
    _delivery(
        REMOTE,
        REMOTE_RELAY,
        sample(
            "smtp",
            "to=<bob@b.example>, relay=mx.b.example[192.0.2.9]:25, delay=0.1, "
            "delays=0.01/0/0.05/0.04, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 8F1E22D0C11)",
        ),
    ),
    _delivery(
        AGENTS - REMOTE,
        OWN_RELAY,
        sample(
            "local",
            "to=<bob@b.example>, relay=local, delay=0.1, delays=0.01/0/0/0.09, dsn=2.0.0, "
            "status=sent (delivered to mailbox)",
        ),
    ),
    Shape(
        kind="remote_reply",
        meaning="another host refused or answered; the delivery line has the outcome",
        programs=REMOTE,
        prefix=b"host ",
        complete=r"^host (?P<relay>[^ ]+) (?:said: |refused to talk to me: )(?P<reply>.*)$",
        sample=sample(
            "smtp", "host mx.b.example[192.0.2.9] refused to talk to me: 421 4.7.0 later"
        ),
    ),
    Shape(
        kind="notice",
        meaning="a notice about a message was made: a message of its own, with its own queue id",
        programs=BOUNCE,
        prefix=b"sender ",
        complete=(
            r"^(?P<action>sender (?:non-delivery|delay|delivery status) notification): "
            rf"(?P<new_queue_id>{ID})$"
        ),
        sample=sample("bounce", "sender non-delivery notification: 3F2A12CE584"),
    ),
    Shape(
        kind="notice",
        meaning="a notice for the postmaster was made",
        programs=BOUNCE,
        prefix=b"postmaster ",
        complete=rf"^(?P<action>postmaster [a-z -]*notification): (?P<new_queue_id>{ID})$",
        sample=sample("bounce", "postmaster non-delivery notification: 3F2A12CE584"),
    ),
)

MESSAGE_LINES = (*ACCEPTANCE_LINES, *QUEUE_LINES[:4], *DELIVERY_LINES, QUEUE_LINES[4])
