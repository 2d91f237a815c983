"""Which figures does a log give: name, title, unit and ground of each?"""

from __future__ import annotations

RELAYED = "deliveries with mechanism open_relay"
ABUSIVE = "deliveries with verdict abusive, without the mail that notices are about, which came in"
ALL = "all deliveries"
DOUBT = "; only possible, for who is local was inferred"
ONCE = "size of each message, once; not of notices that this server made"
TOOK = "Bodies of {} mail that other hosts took"
LEAST = "size for each message and next hop"
MOST = "size for each delivered recipient"
WIRE = "bandwidth table: one a message, next hop and second; least one a next hop, most one a line"
UNNAMED = "not measurable: the log names no transfer to another host"
NO_SIZES = "not measurable: the log gives no size of this mail"
NO_USUAL = "not measurable: too little mail before the abuse to say what is usual"
PEAK = "pressure table, at the end of an hour"

# name, title, rows of VOLUME, its column, unit, ground
COUNTED = (
    ("messages_relayed", "Messages relayed for strangers", RELAYED, "messages", ""),
    ("recipients_relayed", "Recipients of relayed messages", RELAYED, "recipients", ""),
    ("messages_abusive", "Abusive messages, notices included", ABUSIVE, "messages", ""),
    ("bytes_in_abusive", "Abusive mail taken in", ABUSIVE, "bytes_in", ONCE),
    (
        "bytes_out_abusive_least",
        f"{TOOK.format('abusive')}, once a host",
        ABUSIVE,
        "bytes_out",
        LEAST,
    ),
    (
        "bytes_out_abusive_most",
        f"{TOOK.format('abusive')}, once a recipient",
        ABUSIVE,
        "bytes_out_most",
        MOST,
    ),
    ("bytes_in_all", "All mail taken in", ALL, "bytes_in", ONCE),
    ("bytes_out_all_least", f"{TOOK.format('all')}, once a host", ALL, "bytes_out", LEAST),
)
REFUSED = (
    "own_recipients_refused",
    "Recipients of legitimate mail refused for reputation",
    "recipient",
    "remote replies that name a list or a provider's reputation rule; once, by however many",
)
# name, title, unit, ground; the lead figure first
HARMED = (
    (
        "own_mail_harmed",
        "Own mail refused or late, and notices about abuse to own users",
        "recipient",
        (
            "sum of own_recipients_blocked, own_recipients_waiting, own_recipients_delayed and "
            "notices_to_own_users"
        ),
    ),
    (
        "own_recipients_blocked",
        "Own mail refused for reputation, never delivered",
        "recipient",
        "harm table, kind blocked; high: also mail that is neither legitimate nor abuse for sure",
    ),
    (
        "own_recipients_waiting",
        "Own mail refused for reputation, still waiting when the log ends",
        "recipient",
        "harm table, kind waiting; high: also mail that is neither legitimate nor abuse for sure",
    ),
    (
        "own_recipients_delayed",
        "Own mail late because of the abuse, delivered by now or still waiting",
        "recipient",
        (
            "harm table, kind delayed, less what was as late before; low: later than any mail "
            "before; high: all, with those to hosts that did not answer"
        ),
    ),
    (
        "notices_to_own_users",
        "Notices about abuse that reached own users",
        "recipient",
        "harm table, kind notice: abuse had forged their addresses, or was sent in their name",
    ),
    (
        "notices_to_the_misused",
        "Of these, to the misused account, script's user or host itself",
        "recipient",
        "harm table, kind notice, in_its_name: the mail was sent from here in their own name",
    ),
    (
        "own_users_blocked",
        "Own addresses whose mail was refused",
        "address",
        "harm table, kinds blocked and waiting",
    ),
    (
        "partners_blocked",
        "Partner domains that own mail did not reach",
        "domain",
        "harm table, kinds blocked and waiting",
    ),
    (
        "own_users_notified",
        "Own addresses that got notices about abuse",
        "address",
        "harm table, kind notice",
    ),
    (
        "hours_of_delay",
        "Hours that own mail waited: refused mail in all, late mail beyond the usual",
        "h",
        (
            "harm table: kind waiting until the log ends, and kind delayed in proportion to low, "
            "mid and high of own_recipients_delayed"
        ),
    ),
)
RESOURCES = (
    (
        "bytes_out_abusive",
        "Bodies of abusive mail sent, refused and repeated ones too",
        "byte",
        WIRE,
    ),
    (
        "transactions_abusive",
        "Dialogues with other hosts about abusive mail",
        "transaction",
        WIRE,
    ),
    (
        "recipients_accepted_abusive",
        "Abusive mail that other hosts accepted",
        "recipient",
        f"{ABUSIVE} and status delivered, with a next hop that is a host of others",
    ),
    ("queue_peak", "Most messages in the queue", "message", PEAK),
    ("queue_peak_abusive_bytes", "Most abusive mail in the queue", "byte", PEAK),
    (
        "queue_days_abusive",
        "Days with abusive mail in the queue",
        "day",
        "pressure table, first to last hour",
    ),
    (
        "queue_hours_unusual",
        "Hours with an unusually full queue",
        "h",
        (
            "pressure table, more messages than 95 % of the hours before the abuse had, and than a "
            "handful"
        ),
    ),
    (
        "hours_impaired",
        "Hours with impaired mail",
        "h",
        (
            "low: clock hours with own mail refused for reputation, whatever became of it; mid: "
            "from its first to its last refusal; high: from the first to the last refusal of any "
            "mail"
        ),
    ),
    (
        "own_senders",
        "Own addresses that sent mail",
        "address",
        "distinct senders of legitimate mail to the outside since the abuse began: a lower bound",
    ),
    (
        "connections_abusive",
        "Connections of the abusing addresses",
        "connection",
        "lines on the end of a connection, from the first abusive message to its last delivery",
    ),
)
DECLARED = {name: (title, unit, ground) for name, title, unit, ground in (*HARMED, *RESOURCES)}
