"""Which words do lines of Postfix share: its daemons, and how it writes clients and addresses?"""

from __future__ import annotations

from analyzer.formats.shapes import programs

SMTPD = programs("smtpd qmqpd")
CLEANUP = programs("cleanup")
QMGR = programs("qmgr nqmgr oqmgr")
REMOTE = programs("smtp lmtp")
# Whoever ends a delivery: agents; the queue manager, where an agent cannot be had; cleanup, for
# mail that it took in and may not pass on.
AGENTS = (
    programs("smtp lmtp local virtual pipe error retry discard maildrop spawn") | QMGR | CLEANUP
)
BOUNCE = programs("bounce defer trace")
GATES = programs("smtpd qmqpd cleanup postscreen")  # whoever may refuse
SERVICES = programs(
    "trivial-rewrite verify tlsmgr proxymap proxywrite flush postdrop sendmail postqueue showq "
    "postalias postmap postcat postkick postconf postlock"
)
SCRIPTS = programs(
    "postfix-script master postsuper postlog postlogd postmulti postfix-wrapper post-install "
    "postfix-tls-script"
)
OTHERS = programs("pickup postscreen dnsblog tlsproxy anvil scache") | SERVICES | SCRIPTS
DAEMONS = SMTPD | CLEANUP | QMGR | AGENTS | BOUNCE | OTHERS

# An address as logged since 3.5: a quoted string may hold anything. Older releases log it raw, so a
# lone quote or angle bracket is allowed too, where the rest of the line still fits.
QUOTED = r'"(?:[^"\\]|\\.)*"'
ADDRESS = rf"(?:{QUOTED}|.)*?"
STRICT = rf'(?:{QUOTED}|[^"])*?'
ID = "[0-9A-Za-z]+"
SECONDS = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
# Next hops: `name[address]:port` or `name[path]` of a remote agent, the service of another agent.
NEXT_HOP = r"[^,\[\]]*\[[^,\]]*\](?::[0-9]+)?"
REMOTE_RELAY = rf"none|{NEXT_HOP}"
OWN_RELAY = r"[^,\[\]]*"
PORT = r"(?::(?:[0-9]+|unknown))?"
CLIENT = rf"(?P<client_name>[^\[,]*)\[(?P<client_ip>[^\]]*)\]{PORT}"
SASL = (
    r"(?:,? sasl_method=(?P<auth_method>[^, ]*))?(?:,? sasl_username=(?P<auth_user>.*?))?"
    r"(?:,? sasl_sender=.*)?"
)
HEAD = "Dec  7 05:00:00 mx1 postfix/"


def sample(daemon: str, text: str) -> str:
    """A whole line of a message."""
    return f"{HEAD}{daemon}[11]: 3F2A12CE583: {text}"
