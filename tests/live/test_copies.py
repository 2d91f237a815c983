"""Does a real Postfix's log acquit strangers of the copies that its own tables send outside?"""

import pytest

from analyzer import pipeline
from analyzer.config import sites
from tests.live.letters import Letter, hand_over, to
from tests.live.postfix_server import PostfixServer, free_port
from tests.live.world import FarEnd

MAIN = """\
mydestination = corp.example
mailbox_command = /bin/true
local_recipient_maps = unix:passwd.byname
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
default_transport = smtp:[127.0.0.9]:{world}
always_bcc = archive@vault.test
smtpd_recipient_restrictions = check_recipient_access inline:{{
    {{ mail@corp.example = BCC watch@vault.test }},
    {{ news@corp.example = REDIRECT spam@vault.test }} }}
header_checks = regexp:{{ {{ /^Subject: copied/ BCC words@vault.test }},
    {{ /^Subject: sent-on/ REDIRECT words@vault.test }} }}
"""
DAEMON = to("daemon@corp.example")
LETTERS = [
    Letter("plain", "203.0.113.1", "bob@outside.test", DAEMON),
    Letter("watched", "203.0.113.2", "bob@outside.test", to("mail@corp.example")),
    Letter("turned", "203.0.113.3", "bob@outside.test", to("news@corp.example")),
    Letter("copied", "203.0.113.4", "bob@outside.test", DAEMON),
    Letter("sent-on", "203.0.113.5", "bob@outside.test", DAEMON),
]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    ports = {"world": free_port(), "auth": free_port()}
    far = FarEnd(ports, {}, tmp_path_factory.mktemp("far") / "taken.jsonl")
    with far, PostfixServer(MAIN.format(**ports)) as server:
        for letter in LETTERS:
            hand_over(letter, server.session("127.0.0.2", claims={"ADDR": letter.client}))
        server.wait_for(": removed", len(LETTERS))
        yield pipeline.analyze([server.log], site=sites([server.config / "main.cf"])).case


def test_no_stranger_is_accused_of_them(case):
    findings = case.findings.to_pandas()
    assert findings.loc[findings["kind"].eq("abuse"), "subject"].tolist() == []


@pytest.mark.parametrize("copy", ["archive", "watch", "spam", "words"])
def test_each_is_forwarding(case, copy):
    rows = case.deliveries.to_pandas()
    rows = rows[rows["recipient"].eq(f"{copy}@vault.test")]
    assert set(rows["mechanism"]) == {"forwarding"}
    assert set(rows["client_ip"]) <= {letter.client for letter in LETTERS}


def test_no_line_is_left_unread(case):
    assert case.unread["text"].to_pylist() == []
