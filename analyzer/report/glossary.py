"""What do the words of a report mean, to somebody who does not run a mail server?"""

from __future__ import annotations

# Term | meaning, a line each, in the order of the alphabet.
_TERMS = """\
95th percentile | what many lines are billed by: the busiest 5 % of a month, 36 hours, are free
abusive, unclear, legitimate | the verdict on a message: abuse; not to be decided; neither
backscatter | notices of failed delivery that go to people whose address was forged
blocklist | a list of addresses whose mail others refuse
bounced, deferred, expired | refused for good; put off and tried again; given up after days
confirmed, probable, possible | proven; one link missing; innocent reasons not ruled out
delivered | the next server took the message; it says nothing of a reader
envelope sender, recipient | what servers tell each other; anybody can write any sender there
HELO | the name by which a client introduces itself, true or not
login | name and password given before mail is handed in (SMTP AUTH)
measured, given, assumed | counted in the log; stated by you; a default that nobody confirmed
message and recipient | one message can go to many recipients; both are counted, never mixed
mynetworks, access map, receive connector | where servers write who may send without a login
open relay | a server that carries mail from strangers to strangers
queue | where mail waits for the next server
queue id | the server's own name for one message, by which its lines are found
relay | to carry mail that neither comes from nor goes to one's own people
SHA-256 | a fingerprint: the same file has the same, any change another
UTC | universal time, without summer time; all times here are in it
"""


def terms() -> list[dict[str, str]]:
    """Every term with its meaning."""
    pairs = (line.split(" | ") for line in _TERMS.splitlines())
    return [{"term": term, "meaning": meaning} for term, meaning in pairs]
