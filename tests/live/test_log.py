"""Does `analyze` read every line that a real Postfix writes, and tell what became of each message?

One server of ours and, in the same instance, a second service that plays the rest of the world: it
takes mail for `far.test`, and refuses `nobody@far.test`. Its own lines are of the same log.
"""

from __future__ import annotations

import smtplib
import subprocess

import pytest

from analyzer import pipeline
from analyzer.config import sites
from tests.live.postfix_server import PostfixServer, program

LETTER = "From: <{sender}>\r\nSubject: live\r\nMessage-ID: <{name}@live.test>\r\n\r\nA letter.\r\n"
MAIN = """\
mydestination = corp.example, mx.corp.example
alias_maps = inline:{ { ann = daemon } }
virtual_alias_domains = shop.example
virtual_alias_maps = inline:{ { ann@shop.example = ann@corp.example },
    { away@corp.example = away@far.test } }
local_recipient_maps = unix:passwd.byname $alias_maps
mailbox_command = /bin/true
transport_maps = inline:{ { far.test = smtp:[127.0.0.1]:PORT },
    { outside.test = smtp:[127.0.0.1]:PORT } }
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
notify_classes =
"""
# The rest of the world: any recipient but one, and nothing is kept.
WORLD = (
    (
        "{ smtpd_relay_restrictions = check_recipient_access inline:{nobody@far.test=REJECT},"
        " check_recipient_access static:DISCARD, reject }"
    ),
    "syslog_name=postfix/world",
)


@pytest.fixture(scope="module")
def server():
    ours = PostfixServer(MAIN, services={"smtp": (), "world": WORLD})
    main = ours.config / "main.cf"
    main.write_text(main.read_text("utf-8").replace("PORT", str(ours.ports["world"])))
    with ours as running:
        yield running


def send(server, name, sender, recipient, client):
    with server.session(client) as talk:
        talk.sendmail(sender, [recipient], LETTER.format(sender=sender, name=name))


def hand_in(server, name):
    """What a program on the server itself does."""
    command = [
        program("sendmail"),
        "-C",
        str(server.config),
        "-f",
        "ann@corp.example",
        "bob@far.test",
    ]
    letter = LETTER.format(sender="ann@corp.example", name=name).replace("\r\n", "\n")
    subprocess.run(command, input=letter.encode(), check=True, capture_output=True)


def everything(server):
    """One message of each kind, two refusals, and a dialogue that breaks off."""
    send(server, "inbound", "bob@outside.test", "ann@corp.example", "127.0.0.2")
    send(server, "alias", "bob@outside.test", "ann@shop.example", "127.0.0.3")
    send(server, "forward", "bob@outside.test", "away@corp.example", "127.0.0.3")
    send(server, "relayed", "ann@corp.example", "bob@far.test", "127.0.0.1")
    send(server, "bounced", "ann@corp.example", "nobody@far.test", "127.0.0.1")
    hand_in(server, "local")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, "refused", "eve@outside.test", "bob@far.test", "127.0.0.4")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, "unknown", "eve@outside.test", "nosuch@corp.example", "127.0.0.4")
    lost = server.session("127.0.0.5")
    lost.docmd("MAIL", "FROM:<eve@outside.test>")
    lost.docmd("RCPT", "TO:<ann@corp.example>")
    lost.close()  # no QUIT
    server.wait_for("lost connection after RCPT")
    server.wait_for("sender non-delivery notification")
    # Six of them, and the notice of the bounce.
    server.wait_for(": removed", 7)
    server.written()


@pytest.fixture(scope="module")
def case(server):
    everything(server)
    return pipeline.analyze(
        [server.folder / "mail.log"], site=sites([server.config / "main.cf"])
    ).case


@pytest.fixture(scope="module")
def told(case):
    """The delivery of each message, by its name."""
    rows = case.deliveries.to_pandas()
    rows = rows[rows["message_id"].str.endswith("@live.test", na=False)]
    return {row.message_id.partition("@")[0]: row for row in rows.itertuples()}


def test_no_line_is_left_unread(case):
    assert [row["text"] for row in case.unread.to_pylist()] == []


def test_every_message_flows_as_it_was_sent(told):
    assert {name: row.flow for name, row in told.items()} == {
        "inbound": "inbound",
        "alias": "inbound",
        "forward": "third_party",
        "relayed": "outbound",
        "bounced": "outbound",
        "local": "outbound",
    }


def test_a_forward_of_ours_is_no_abuse(told):
    assert (told["forward"].mechanism, told["forward"].verdict) == ("forwarding", "legitimate")


def test_the_bounce_is_told_of_the_recipient_and_the_notice_of_its_cause(case, told):
    assert told["bounced"].status == "bounced"
    rows = case.deliveries.to_pandas()
    assert told["bounced"].origin_queue_id in set(rows["cause_queue_id"])


def test_what_was_refused_or_broken_off_is_an_attempt(case):
    attempts = case.attempts.to_pandas().groupby("client_ip")["kind"].agg(set).to_dict()
    assert attempts["127.0.0.4"] == {"relay_denied", "unknown_user"}
    assert attempts["127.0.0.5"] == {"accepted_no_data"}


def test_nothing_of_it_is_abuse(case):
    assert "abuse" not in case.findings["kind"].to_pylist()
