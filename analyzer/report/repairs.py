"""What has to be changed on which mail server? Commands and settings in the words of each.

Sources: postconf(5), postsuper(1), postcat(1); Sendmail cf/README and op.me; Microsoft's pages on
Set-ReceiveConnector, Remove-ADPermission, Get-Message, Set-User and Get-RecipientFilterConfig, and
on relay restrictions, recipient filtering and queues of Exchange 2003.
Words in braces stand for what the case holds.
"""

from __future__ import annotations

import re
from typing import Any

Step = dict[str, Any]  # title, text, lines (to be typed, or to stand in a file)


def to_do(title: str, text: str, *lines: str) -> Step:
    return {"title": title, "text": text, "lines": list(lines)}


VISIBLE = "Make the clients behind the gateway visible"

AT_ONCE = (
    "Mail for unknown users, or such as a filter refuses, has to fail while the client is connected"
)
POSTFIX = {
    "open_relay": [
        to_do(
            "Close the relay",
            "Only your own networks and people who log in may send to the outside. In main.cf:",
            "smtpd_relay_restrictions = permit_mynetworks,",
            "    permit_sasl_authenticated, defer_unauth_destination",
        ),
        to_do(
            "Look at who counts as your own network",
            "A mynetworks that covers {addresses} is the likeliest hole; so is a permit, "
            "check_client_access or relay_domains entry that is too wide, or an -o override in "
            "master.cf. `relaytrail audit` finds it. List only addresses that are yours, reload.",
            "postconf -n mynetworks mynetworks_style relay_domains smtpd_relay_restrictions",
            "postconf -n smtpd_recipient_restrictions; postconf -P | grep restrictions",
            "postfix check && postfix reload",
        ),
    ],
    "own_senders": [
        to_do(
            "Let a login send only as itself",
            "A map of logins and their addresses makes forged senders fail. On submission:",
            "smtpd_sender_login_maps = hash:/etc/postfix/sender_logins",
            "smtpd_sender_restrictions = reject_sender_login_mismatch",
        )
    ],
    "trusted_host": [
        to_do(
            "Take the trusted host off the mail path",
            "{hosts} may send without a login because mynetworks says so. Take it out of "
            "mynetworks, examine the machine, and let its programs log in on submission.",
            "postconf -n mynetworks",
            "postfix reload",
        )
    ],
    "gateway": [
        to_do(
            VISIBLE,
            "A container network or address translation that hides its clients makes every "
            "stranger trusted. Pass the true address on (smtpd_upstream_proxy_protocol) and keep "
            "the gateway out of mynetworks.",
        )
    ],
    "local_injection": [
        to_do(
            "Find the script or user that injects the mail",
            "The log names no script. Read the headers of a message still in the queue "
            "(X-PHP-Originating-Script names a PHP file) and the web server's log of that time.",
            "postqueue -p",
            "postcat -vq QUEUE_ID",
        ),
    ],
    # Only what goes through sendmail(1), with a user id, asks this setting.
    "local_user": [
        to_do(
            "Keep that user from submitting until it is mended",
            "The log names uid {uids}; the first command tells the name, which stands for NAME in "
            "main.cf.",
            "getent passwd {users}",
            "authorized_submit_users = !NAME, static:all",
        )
    ],
    "backscatter": [
        to_do(
            "Refuse what cannot be delivered, instead of answering it",
            f"{AT_ONCE}: a notice afterwards goes to "
            "whoever was forged as sender. The maps of valid recipients must not be empty, "
            "and no catch-all may hide them.",
            "smtpd_reject_unlisted_recipient = yes",
            "postconf -n local_recipient_maps relay_recipient_maps virtual_alias_maps luser_relay",
        )
    ],
}
SENDMAIL = {
    "open_relay": [
        to_do(
            "Close the relay",
            "Without these features Sendmail relays for nobody but its own domains and people who "
            "log in. Take every one that stands in sendmail.mc out, build the configuration anew:",
            "dnl FEATURE(`promiscuous_relay')  dnl FEATURE(`relay_entire_domain')",
            "dnl FEATURE(`relay_local_from')   dnl FEATURE(`relay_based_on_MX')",
            "make -C /etc/mail && make -C /etc/mail restart",
        ),
        to_do(
            "Look at who may relay",
            "A RELAY entry of the access map or a line of relay-domains that covers {addresses} is "
            "the likeliest hole. `relaytrail audit` finds it. Keep only what is yours.",
            "grep -n RELAY /etc/mail/access; cat /etc/mail/relay-domains",
            "makemap hash /etc/mail/access < /etc/mail/access",
        ),
    ],
    "own_senders": [],
    "trusted_host": [
        to_do(
            "Take the trusted host off the mail path",
            "{hosts} may send without a login because the access map or relay-domains says so. "
            "Take it out, examine the machine, and let its programs log in on the MSA port.",
            "grep -n RELAY /etc/mail/access; cat /etc/mail/relay-domains",
        )
    ],
    "gateway": [
        to_do(
            VISIBLE,
            "A container network or address translation that hides its clients makes every "
            "stranger trusted. Let the gateway pass addresses through, and take it out of the "
            "access map and relay-domains.",
        )
    ],
    "local_injection": [
        to_do(
            "Find the script or user that injects the mail",
            "The log names a user, not a script. Read the headers of a message still in the queue "
            "(X-PHP-Originating-Script names a PHP file) and the web server's log of that time.",
            "mailq -v",
            "grep -l X-PHP-Originating-Script /var/spool/mqueue/qf*",
        )
    ],
    "backscatter": [
        to_do(
            "Refuse what cannot be delivered, instead of answering it",
            f"{AT_ONCE}. For domains passed on, keep "
            "their users in virtusertable with a last line that refuses the rest:",
            "@customer.example    error:nouser 550 No such user here",
        )
    ],
}
EXCHANGE = {
    "open_relay": [
        to_do(
            "Close the relay",
            "A receive connector relays for strangers if anonymous sessions hold the right to any "
            "recipient. Find the connector, and take the right away:",
            "Get-ReceiveConnector | Get-ADPermission -User 'NT AUTHORITY\\ANONYMOUS LOGON' |",
            "    where { $_.ExtendedRights -like 'ms-Exch-SMTP-Accept-Any-Recipient' }",
            "... | Remove-ADPermission",
        ),
        to_do(
            "Look at who may use that connector",
            "RemoteIPRanges that cover {addresses} are the other half of the hole. "
            "`relaytrail audit` finds it. Keep the addresses of your own devices alone.",
            "Get-ReceiveConnector | fl Name, RemoteIPRanges, PermissionGroups, AuthMechanism",
            "Set-ReceiveConnector NAME -RemoteIPRanges 192.0.2.10",
        ),
    ],
    "own_senders": [],
    "trusted_host": [
        to_do(
            "Take the trusted host off the relay connector",
            "{hosts} may send without a login because a receive connector says so. Take it out of "
            "RemoteIPRanges, examine the machine, and let its programs log in.",
            "Get-ReceiveConnector | fl Name, RemoteIPRanges, PermissionGroups",
        )
    ],
    "gateway": [
        to_do(
            VISIBLE,
            "A load balancer or address translation that hides its clients makes every stranger "
            "trusted. Let it pass addresses through, and take it out of RemoteIPRanges.",
        )
    ],
    "local_injection": [
        to_do(
            "Find what puts mail into the pickup folder",
            "The log names no program. Look at who may write to the folder, and what runs there.",
            "Get-TransportService | fl Name, PickupDirectoryPath, ReplayDirectoryPath",
        )
    ],
    "backscatter": [
        to_do(
            "Refuse what cannot be delivered, instead of answering it",
            f"{AT_ONCE}:",
            "Set-RecipientFilterConfig -RecipientValidationEnabled $true",
        )
    ],
}
MANAGER = "Exchange System Manager"
SERVER = f"{MANAGER}: Servers, SERVER, Protocols, SMTP:"
RELAY = "    Properties of the virtual server, Access, Relay: Only the list below"
EXCHANGE_2003 = {
    "open_relay": [
        to_do(
            "Close the relay",
            "The SMTP virtual server relays for strangers if its list of those who may relay is "
            "too wide, or names all but a few. Keep the list to addresses of your own devices; "
            "{addresses} must not be in it. An SMTP connector may allow relaying too.",
            SERVER,
            RELAY,
            f"{MANAGER}: Connectors, CONNECTOR, Properties, Address Space: no relaying",
        ),
    ],
    "own_senders": [],
    "trusted_host": [
        to_do(
            "Take the trusted host off the list of those who may relay",
            "{hosts} may send without a login because the SMTP virtual server's list says so. Take "
            "it out, examine the machine, and let its programs log in.",
            SERVER,
            RELAY,
        )
    ],
    "gateway": [
        to_do(
            VISIBLE,
            "Address translation that hides its clients makes every stranger trusted. Let it pass "
            "addresses through, and take it off the list of those who may relay.",
            SERVER,
            RELAY,
        )
    ],
    "local_injection": [
        to_do(
            "Find what puts mail into the pickup folder",
            "The log names no program. Look at who may write to the folder, and what runs there.",
            'dir /q /t:c "C:\\Program Files\\Exchsrvr\\Mailroot\\vsi 1\\PickUp"',
        )
    ],
    "backscatter": [
        to_do(
            "Refuse what cannot be delivered, instead of answering it",
            f"{AT_ONCE}. Filter recipients "
            "who are not in the directory, and apply that filter to the virtual server:",
            f"{MANAGER}: Global Settings, Message Delivery, Properties, Recipient Filtering",
            SERVER,
            "    Properties of the virtual server, General, Advanced, Edit: Apply Recipient Filter",
        )
    ],
}
# How each mail server deletes by queue id.
DELETE = {
    "postfix": ("relaytrail aid CASE --ids{of} | postsuper -d -",),
    "sendmail": (
        "relaytrail aid CASE --ids{of} | while read id; do sendmail -Qabuse -qI$id; done",
        "mailq -qQ    # look, then remove those qf and df files",
    ),
    "exchange": (
        "$ids = relaytrail aid CASE --ids{of}",
        "Get-TransportService | Get-Queue | Get-Message -ResultSize Unlimited |",
        r"  where { $ids -contains ($_.Identity -split '\\')[-1] } |",
        "  Remove-Message -WithNDR $false",
    ),
    "exchange_2003": (f"# {MANAGER}: Servers, SERVER, Queues: Find Messages, Delete (no NDR)",),
}
REPAIRS = {
    "postfix": POSTFIX,
    "sendmail": SENDMAIL,
    "exchange": EXCHANGE,
    "exchange_2003": EXCHANGE_2003,
}
NAMES = {
    "postfix": "Postfix",
    "sendmail": "Sendmail",
    "exchange": "Exchange",
    "exchange_2003": "Exchange",
}


def of(mta: str, what: str, **said: str) -> list[Step]:
    """The steps for one mail server, with what the case holds in the place of words in braces."""

    def filled(text: str) -> str:
        for name, value in said.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    steps = REPAIRS.get(mta, POSTFIX).get(what, [])
    return [
        step | {"text": filled(step["text"]), "lines": [filled(line) for line in step["lines"]]}
        for step in steps
    ]


def if_gateway(mta: str) -> list[Step]:
    """The same step where the log does not show whether a trusted address is a gateway."""
    title = "If that address is a gateway, make the clients behind it visible"
    return [step | {"title": title} for step in of(mta, "gateway")]


def shell(names: list[str]) -> list[str]:
    """Those of the log's names that a shell takes as one word and no option."""
    return [name for name in names if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}", name)]


def delete(mta: str, *, alone: bool = True) -> list[str]:
    """Commands that delete the abuse that waits. *alone*: no other kind of server holds some."""
    of = "" if alone else f" --mta {mta}"
    return [command.replace("{of}", of) for command in DELETE.get(mta, ())]
