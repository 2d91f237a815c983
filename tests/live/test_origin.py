"""Does the analysis of a real Postfix's log name who handed each message in, and what became of it?

Some ninety letters to one server with content filters behind its doors, to a second instance as its
next hop, and from there to the rest of the world (far_end.py). What was sent, by whom, and the
queue id that the server answered to the client are the truth. Of the log nothing is believed.
"""

from __future__ import annotations

import itertools
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from analyzer import pipeline
from analyzer.config import sites
from tests.live.letters import Letter, Sent, differences, hand_over, to
from tests.live.postfix_server import PostfixServer, free_port, program
from tests.live.world import FarEnd

PATIENCE = 90  # seconds until the queue has nothing but what is held
DOORS = ("smtp", "xforward", "plain", "mute", "proxy")  # `mute`: the filter answers without an id

MAIN = """\
myorigin = corp.example
mydestination = corp.example, mx.corp.example
mynetworks = 127.0.0.1/32, 10.1.0.0/16
relay_domains = customer.test
recipient_delimiter = +
alias_maps = inline:{{ {{ team = daemon, bob@far.test }}, {{ news = daemon, bob@far.test }},
    {{ owner-news = daemon }}, {{ ann = daemon }}, {{ held = daemon }} }}
virtual_alias_domains = shop.example
virtual_alias_maps = inline:{{ {{ sales@shop.example = daemon@corp.example, bob@far.test }} }}
local_recipient_maps = unix:passwd.byname $alias_maps
mailbox_command = /bin/true
forward_path = /etc/postfix/forward-$user
transport_maps = inline:{{ {{ hop.test = smtp:[127.0.0.1]:{next} }} }}
default_transport = smtp:[127.0.0.9]:{world}
relay_transport = smtp:[127.0.0.9]:{world}
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_sender_restrictions = check_sender_access inline:{{ {{ held@corp.example = HOLD }},
    {{ thrown@corp.example = DISCARD }} }}
header_checks = regexp:{{ {{ /^Subject: refused/ REJECT not here }} }}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
maximal_queue_lifetime = 12s
bounce_queue_lifetime = 12s
delay_warning_time = 5s
in_flow_delay = 0
"""
NEXT = """\
syslog_name = postfix-next
mydestination =
default_transport = smtp:[127.0.0.9]:{world}
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
"""
SCAN = """\
scan      unix  - - n - 10 smtp
  -o smtp_send_xforward_command=yes
"""
OPEN = "{ smtpd_relay_restrictions = check_recipient_access static:OK, reject }"
BEHIND = (
    "content_filter=",
    "smtpd_authorized_xforward_hosts=127.0.0.0/8",
    "{ smtpd_relay_restrictions = permit_mynetworks, reject }",
    "receive_override_options=no_unknown_recipient_checks,no_header_body_checks",
)
FORWARDS = {"forward-games": "bob@far.test\n", "forward-lp": "\\lp, bob@far.test\n"}


def services(ports):
    by = {name: f"content_filter=scan:[127.0.0.1]:{ports[name]}" for name in DOORS[1:]}
    return {
        "smtp": (),
        "xforward": (by["xforward"], "receive_override_options=no_address_mappings"),
        "plain": (by["plain"],),
        "mute": (by["mute"],),
        "proxy": (f"smtpd_proxy_filter=127.0.0.1:{ports['proxy']}",),
        "open": (OPEN,),
        "open-plain": (by["plain"], OPEN),
        "behind": BEHIND,
    }


def expanded(address):
    """Both members of an alias, list or virtual alias of ours."""
    return dict.fromkeys(("daemon@corp.example", "bob@far.test"), (address, "delivered"))


def letters():
    """Every one from an address of its own."""
    strangers = (f"203.0.113.{n}" for n in itertools.count(1))
    ours = (f"10.1.0.{n}" for n in itertools.count(1))
    ann, bob = "ann@corp.example", "bob@outside.test"
    local, far = "daemon@corp.example", "bob@far.test"
    for door in DOORS:
        name, at = f"%s-{door}", {"service": door}
        grey = to(far, f"grey-{door}@far.test") | to("nobody@far.test", status="bounced")
        many = to(*(f"u{n}@far.test" for n in range(60)))  # more than one transaction takes
        yield Letter(name % "in", next(strangers), bob, to(local), flow="inbound", **at)
        yield Letter(name % "out", next(ours), ann, to(far), flow="outbound", **at)
        yield Letter(name % "mixed", next(ours), ann, grey, flow="outbound", **at)
        yield Letter(name % "many", next(ours), ann, many, flow="outbound", **at)
        yield Letter(name % "login", next(strangers), ann, to(far), login="ann", **at)
        yield Letter(name % "alias", next(strangers), bob, expanded("team@corp.example"), **at)
        yield Letter(name % "virtual", next(strangers), bob, expanded("sales@shop.example"), **at)
        yield Letter(name % "null", next(strangers), "", to(local), **at)
        # One Message-ID comes twice, as the copies of a list do.
        copy = {"id": name % "twice", **at}
        yield Letter(name % "copy", next(strangers), bob, to(local), **copy)
        yield Letter(name % "again", next(strangers), bob, to("mail@corp.example"), **copy)
    forwarded = {far: ("games@corp.example", "delivered")}
    copied = {far: ("lp@corp.example", "delivered")} | to("lp@corp.example")
    legitimate = {"flow": "third_party", "mechanism": "forwarding"}
    yield Letter("forward", next(strangers), bob, forwarded, **legitimate)
    yield Letter("copied", next(strangers), bob, copied)
    yield Letter("plus", next(strangers), bob, to("daemon+tag@corp.example"), flow="inbound")
    yield Letter("list", next(strangers), bob, expanded("news@corp.example"))
    backup = {"flow": "inbound", "mechanism": "backup_mx"}
    yield Letter("backup", next(strangers), bob, to("jo@customer.test"), **backup)
    for door in ("open", "open-plain"):
        abuse = {"flow": "third_party", "mechanism": "open_relay", "service": door}
        yield Letter(f"relayed-{door}", next(strangers), bob, to(far), **abuse)
        lost = to("nobody@far.test", status="bounced")
        yield Letter(f"lost-{door}", next(strangers), bob, lost, **abuse)
    yield Letter("hop", next(ours), ann, to("bob@hop.test"))
    yield Letter("hop-mute", next(ours), ann, to("bob@hop.test"), service="mute")
    yield Letter("hop-late", next(ours), ann, to("later@hop.test", status="deferred"))
    yield Letter("hop-bounce", next(ours), ann, to("nobody@hop.test", status="bounced"))
    abuse |= {"service": "open"}
    yield Letter("hop-relayed", next(strangers), bob, to("bob@hop.test"), **abuse)
    yield Letter("expired", next(ours), ann, to("later@far.test", status="expired"))
    yield Letter("refused", next(ours), ann, to(far, status="rejected"))
    thrown = to(far, status="discarded")
    yield Letter("thrown", next(ours), "thrown@corp.example", thrown)
    for name, status in HELD.items():
        yield Letter(name, next(ours), "held@corp.example", to(f"{name}@far.test", status=status))
    yield Letter("program", None, ann, to(far), flow="outbound")
    yield Letter("program-again", None, ann, to(far, "grey-program@far.test"), flow="outbound")


# What an administrator does to a message on hold, and what becomes of it.
HELD = {"kept": "held", "deleted": "removed", "released": "delivered", "requeued": "delivered"}
POSTSUPER = {"deleted": "-d", "released": "-H", "requeued": "-r"}
LETTERS = {letter.name: letter for letter in letters()}


class Town:
    """The two instances, what lies around them, and what was sent."""

    def __init__(self, folder):
        self.ports = {n: free_port() for n in ("world", "auth", *DOORS[1:])}
        self.next = PostfixServer(NEXT.format(**self.ports))
        main = MAIN.format(next=self.next.port, **self.ports)
        self.front = PostfixServer(main, services=services(self.ports), more=SCAN, files=FORWARDS)
        behind = self.front.ports["behind"]
        filters = {n: {"to": behind, "says_id": n != "mute"} for n in DOORS[1:]}
        self.far = FarEnd(self.ports, filters, folder / "taken.jsonl")

    def send(self, letter):
        if letter.client is None:
            return self.by_program(letter)
        claims = {"ADDR": letter.client}
        talk = self.front.session("127.0.0.2", service=letter.service, claims=claims)
        return hand_over(letter, talk)

    def by_program(self, letter):
        """What a script on the server does: recipients from the header, or as arguments."""
        command = [program("sendmail"), "-C", str(self.front.config), "-f", letter.sender]
        text = letter.text.replace("\r\n", "\n")
        if letter.name == "program":
            command, text = [*command, "-t"], f"To: {', '.join(letter.recipients)}\n{text}"
        else:
            command += letter.recipients
        subprocess.run(command, input=text.encode(), check=True, capture_output=True)
        return Sent(letter, None)

    def administer(self, sent):
        held = {one.letter.name: one.queue_id for one in sent if one.letter.name in POSTSUPER}
        for name, queue_id in held.items():
            self.front.run("postsuper", "-c", str(self.front.config), POSTSUPER[name], queue_id)
        # Pickup looks for what was requeued once a minute, or when it is told.
        self.front.run("postkick", "-c", str(self.front.config), "public", "pickup", "W")

    def settle(self):
        """Until the queue holds only what is on hold, and the next hop waits for one.

        A message that goes from queue to queue while they are listed is not in the list, so two
        lists in a row have to agree.
        """
        deadline = time.monotonic() + PATIENCE
        quiet = 0
        while quiet < 2:
            if time.monotonic() > deadline:
                queues = (self.front.queue(), self.next.queue())
                raise TimeoutError(f"still in the queues: {queues}")
            held = all(row["queue_name"] == "hold" for row in self.front.queue())
            quiet = quiet + 1 if held and len(self.next.queue()) == 1 else 0
            time.sleep(0.5)
        self.next.wait_for("status=deferred")
        self.front.written()
        self.next.written()


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("town"))
    with town.far, town.next, town.front:
        yield town


@pytest.fixture(scope="module")
def sent(town):
    with ThreadPoolExecutor(6) as hands:  # lines of several messages lie among each other
        sent = list(hands.map(town.send, LETTERS.values()))
    town.administer(sent)
    town.settle()
    return {one.letter.name: one for one in sent}


@pytest.fixture(scope="module")
def case(town, sent):
    logs = [town.front.log, town.next.log]
    return pipeline.analyze(logs, site=sites([town.front.config / "main.cf"])).case


@pytest.mark.parametrize("name", LETTERS)
def test_the_log_tells_of_the_letter_as_it_was(name, sent, case):
    assert differences([sent[name]], case) == []


def test_nothing_is_told_that_was_not_sent(sent, case):
    """Each message once: what was sent, and the server's own notices."""
    messages = case.messages.to_pandas()
    handed_in = messages[messages["submission"].ne("internal")]
    # What is thrown away has no line with its Message-ID.
    names = handed_in["message_id"].where(handed_in["message_id"].notna(), "thrown@live.test")
    assert sorted(names) == sorted(one.letter.message_id for one in sent.values())


def test_every_notice_is_told_of_its_cause(town, sent, case):
    """The notices that the world took quote the message they are about."""
    rows, messages = case.deliveries.to_pandas(), case.messages.to_pandas().explode("legs")
    message_of = messages.set_index(["server", "legs"])["message_id"]
    notices = rows[rows["submission"].eq("internal")]
    causes = zip(notices["server"], notices["cause_queue_id"], strict=True)
    told = {message_of[cause] for cause in causes}
    lost = {"bounced", "expired"}
    bounced = {
        one.letter.message_id
        for one in sent.values()
        if lost & {status for _, status in one.letter.ends.values()}
    }
    assert told == bounced
    abroad = {row["message_ids"][-1] for row in town.far.taken() if row["sender"] == "<>"}
    assert abroad
    assert abroad <= bounced


def test_what_the_world_took_is_what_was_delivered(town, case):
    """Both ways: recipients of each message outside."""
    rows = case.deliveries.to_pandas()
    rows = rows[rows["status"].eq("delivered") & rows["message_id"].str.endswith("@live.test")]
    rows = rows[rows["relay"].str.contains(f":{town.ports['world']}", na=False)]
    taken = {(r["message_ids"][0], name) for r in town.far.taken() for name in r["recipients"]}
    said = set(zip(rows["message_id"], rows["recipient"], strict=True))
    assert {row for row in taken if row[0].endswith("@live.test")} == said


def test_no_line_is_left_unread(case):
    assert [row["text"] for row in case.unread.to_pylist()] == []


def test_only_the_open_doors_are_abuse(case):
    findings = case.findings.to_pandas()
    abuse = findings[findings["kind"].eq("abuse")]
    clients = {letter.client for letter in LETTERS.values() if "open" in letter.service}
    assert set(abuse.loc[abuse["subject_kind"].eq("ip"), "subject"]) == clients
    others = abuse[abuse["subject_kind"].ne("ip")]
    assert others["mechanism"].tolist() == ["backscatter"]  # notices about what was relayed


def test_the_run_is_told(sent, case, tables):
    wrong = [said for one in sent.values() for said in differences([one], case)]
    names = {said.partition(":")[0] for said in wrong}
    right = f"{len(sent) - len(names)} of {len(sent)} messages told as they were sent"
    tables.append([f"Postfix: {right}", *wrong])
