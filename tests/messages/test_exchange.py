"""Are many rows on many servers one message, and does it get the right verdict?"""

import csv
import io
import itertools
from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.site import Site

FIELDS = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,"
    "event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,"
    "total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,"
    "return-path,message-info,directionality,tenant-id,original-client-ip,original-server-ip,custom-data"
)
PROTOCOL = (
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,"
    "context"
)
SITE = Site(
    domains=["corp.example"],
    networks=["10.0.0.0/8"],
    servers=["ex01.corp.example", "ex02.corp.example"],
)
ADA, BOB, EVE = "ada@corp.example", "bob@far.example", "eve@outside.example"
MAIL = {
    "internal-message-id": "7001",
    "message-id": "<a1@far.example>",
    "network-message-id": "2fd37dca-1234-5bfb-175d-08dc1db88f52",
    "recipient-address": EVE,
    "total-bytes": "5000",
    "return-path": BOB,
    "directionality": "Incoming",
}
AT_EX01 = {
    "server-hostname": "EX01",
    "client-hostname": "EX01.corp.example",
    "client-ip": "10.0.0.1",
}
RECEIVE = (
    MAIL | AT_EX01 | {"source": "SMTP", "event-id": "RECEIVE", "original-client-ip": "203.0.113.7"}
)
SEND = MAIL | {
    "source": "SMTP",
    "event-id": "SENDEXTERNAL",
    "client-hostname": "EX01",
    "server-hostname": "mx.outside.example",
    "recipient-status": "250 2.1.5 Ok",
}
DELIVER = (
    MAIL | AT_EX01 | {"source": "STOREDRIVER", "event-id": "DELIVER", "recipient-address": ADA}
)
MAILBOX = RECEIVE | {
    "source": "STOREDRIVER",
    "return-path": ADA,
    "directionality": "Originating",
    "original-client-ip": "10.0.40.4",
}


def text(fields, rows):
    out = io.StringIO()
    out.write(f"#Log-type: x\r\n#Fields: {fields}\r\n")
    writer = csv.DictWriter(out, fields.split(","), restval="", lineterminator="\r\n")
    for second, row in enumerate(rows):
        count = (
            {"recipient-count": str(row["recipient-address"].count(";") + 1)}
            if "recipient-address" in row
            else {}
        )
        writer.writerow(
            {"date-time": f"2026-12-07T10:{second // 60:02}:{second % 60:02}.000Z"} | count | row
        )
    return out.getvalue()


@pytest.fixture
def analyzed(tmp_path):
    """The case of one log for each argument, a list of rows; `protocol` is a receive protocol."""

    def analyzed(*logs, protocol=(), site=SITE, fields=FIELDS):
        for number, rows in enumerate(logs):
            (tmp_path / f"MSGTRK{number}.LOG").write_text(text(fields, rows), "utf-8", newline="")
        if protocol:
            (tmp_path / "RECV.LOG").write_text(text(PROTOCOL, protocol), "utf-8", newline="")
        case = pipeline.analyze([tmp_path], site=site).case
        assert len(case.unread) == 0
        return case

    return analyzed


def deliveries(case, *columns):
    rows = [
        row for row in case.deliveries.to_pylist() if row["status"] not in ("filtered", "expanded")
    ]
    return [tuple(row[name] for name in columns) for row in rows]


def findings(case, detector="open_relay"):
    return [row for row in case.findings.to_pylist() if row["detector"] == detector]


def nine_rows():
    """One mail that EX01 takes and hands over to EX02, with all that both write about it."""
    at_ex02 = {
        "server-hostname": "EX02",
        "client-hostname": "EX01.corp.example",
        "client-ip": "10.0.0.1",
    }
    to_ada = RECEIVE | {"recipient-address": ADA}
    over = {"internal-message-id": "2002"}
    reply = "250 2.6.0 <a1@far.example> [InternalId=2002, Hostname=EX02.corp.example] Queued"
    to_ex02 = {
        "client-hostname": "EX01",
        "server-hostname": "EX02.corp.example",
        "source-context": reply,
    }
    itself = {"client-hostname": "EX02.corp.example", "client-ip": "10.0.0.2"}
    first = [
        to_ada,
        to_ada | to_ex02 | {"event-id": "HAREDIRECT"},
        to_ada | {"source": "AGENT", "event-id": "AGENTINFO"},
        to_ada | to_ex02 | {"event-id": "SEND", "recipient-status": "250 2.1.5 Ok"},
    ]
    second = [
        to_ada | at_ex02 | {"event-id": "HARECEIVE", "internal-message-id": "2001"},
        to_ada | at_ex02 | over | {"date-time": "2026-12-07T10:00:04.000Z"},
        to_ada | at_ex02 | over | {"source": "AGENT", "event-id": "AGENTINFO"},
        DELIVER | at_ex02 | over | itself | {"date-time": "2026-12-07T10:00:06.000Z"},
        to_ada | at_ex02 | {"event-id": "HADISCARD", "source": "REDUNDANCY"},
    ]
    return first, second


def test_nine_rows_on_two_servers_are_one_message_from_its_true_client(analyzed):
    case = analyzed(*nine_rows())
    assert case.messages["legs"].to_pylist() == [["7001", "2002"]]
    told = deliveries(case, "server", "recipient", "status", "client_ip", "flow", "mechanism")
    assert told == [("EX02", ADA, "delivered", "203.0.113.7", "inbound", None)]


def test_without_an_id_on_all_servers_the_hand_over_joins_them(analyzed):
    fields = FIELDS.replace("network-message-id,", "")
    elder = [
        [{k: v for k, v in row.items() if k in fields.split(",")} for row in rows]
        for rows in nine_rows()
    ]
    case = analyzed(*elder, fields=fields)
    assert case.messages["legs"].to_pylist() == [["7001", "2002"]]


def test_where_the_next_servers_log_is_missing_it_is_the_next_hop(analyzed):
    case = analyzed(nine_rows()[0])
    assert deliveries(case, "recipient", "status", "relay") == [
        (ADA, "delivered", "EX02.corp.example")
    ]


def test_what_the_next_server_took_an_hour_later_was_not_handed_over_then(analyzed):
    first, second = nine_rows()
    late = [row | {"date-time": "2026-12-07T11:00:00.000Z"} for row in second]
    case = analyzed(first, late)
    assert deliveries(case, "server", "recipient", "status") == [
        ("EX01", ADA, "delivered"),
        ("EX02", ADA, "delivered"),
    ]


def test_a_strangers_reply_that_names_one_of_our_ids_joins_nothing(analyzed):
    other = {
        "internal-message-id": "7002",
        "message-id": "<b2@far.example>",
        "network-message-id": "ff",
    }
    lie = {
        "source-context": "250 ok [InternalId=7002, Hostname=EX01.corp.example]",
        "server-hostname": "EX01.outside.example",
    }
    case = analyzed([RECEIVE, RECEIVE | other, SEND | lie, SEND | other])
    assert sorted(deliveries(case, "queue_id", "status", "mechanism")) == [
        ("7001", "delivered", "open_relay"),
        ("7002", "delivered", "open_relay"),
    ]


@pytest.mark.parametrize(
    ("gateway", "number", "answer"),
    [
        (
            "gw1.corp.example",
            "1",
            "250 2.0.0 6B7A01aa002101 Message accepted for delivery;ClientSubmitTime:",
        ),
        ("gw2.corp.example", "2", "250 2.0.0 Ok: queued as 4jHv9j2J19zVBxj;ClientSubmitTime:"),
    ],
    ids=["Sendmail", "Postfix"],
)
@pytest.mark.parametrize("cut", ["", ".corp.example"], ids=["in full", "at its first dot"])
def test_what_our_gateway_took_over_is_no_message_of_its_own_however_syslog_names_it(
    analyzed, tmp_path, gateway, number, answer, cut
):
    log = Path(__file__).with_name("gateways_behind_exchange.log")
    logged = gateway.removesuffix(cut)
    lines = log.read_text("utf-8").splitlines(keepends=True)
    mine = "".join(x.replace(gateway, logged) for x in lines if gateway in x)
    (tmp_path / "maillog").write_text(mine, "utf-8")
    mail = {"message-id": f"<a{number}@corp.example>"}
    to_gateway = {"server-hostname": gateway, "source-context": answer}
    case = analyzed([MAILBOX | mail, SEND | mail | to_gateway | {"return-path": ADA}])
    assert deliveries(case, "server", "status", "submission") == [(logged, "delivered", "local")]
    assert len(case.messages) == 1


def test_a_message_id_used_twice_is_two_messages(analyzed):
    again = {"internal-message-id": "7002", "network-message-id": "ff"}
    assert len(analyzed([RECEIVE, SEND, RECEIVE | again, SEND | again]).messages) == 2


def test_a_recipient_of_whom_the_log_says_no_more_was_relayed_all_the_same(analyzed):
    assert deliveries(analyzed([RECEIVE]), "recipient", "status", "mechanism") == [
        (EVE, "unknown", "open_relay")
    ]


@pytest.mark.parametrize(
    ("event", "status", "outcome"),
    [
        ("FAIL", "550 5.1.1 no", "bounced"),
        ("DEFER", "451 later", "deferred"),
        ("FAIL", "550 4.4.7 QUEUE.Expired;x", "expired"),
        ("DROP", "", "discarded"),
    ],
)
def test_what_became_of_it_is(analyzed, event, status, outcome):
    case = analyzed([RECEIVE, SEND | {"event-id": event, "recipient-status": status}])
    assert deliveries(case, "status") == [(outcome,)]


def test_a_deferral_that_is_followed_by_success_is_a_delivery(analyzed):
    waits = SEND | {"event-id": "DEFER", "recipient-status": "451 later"}
    assert deliveries(analyzed([RECEIVE, waits, waits, SEND]), "status") == [("delivered",)]


GROUP, OWNER = "staff@corp.example", "owner@corp.example"
REPLACED = MAIL | {"source": "ROUTING", "server-hostname": "EX01"}


def test_a_group_is_expanded_and_its_outside_member_is_forwarding(analyzed):
    expand = REPLACED | {
        "event-id": "EXPAND",
        "recipient-address": f"{ADA};{EVE}",
        "related-recipient-address": GROUP,
    }
    case = analyzed([RECEIVE | {"recipient-address": GROUP}, expand, DELIVER, SEND])
    assert sorted(deliveries(case, "recipient", "original_recipient", "mechanism")) == [
        (ADA, GROUP, None),
        (EVE, GROUP, "forwarding"),
    ]
    assert case.deliveries["status"].to_pylist().count("expanded") == 1


def test_a_redirect_is_forwarding(analyzed):
    redirect = REPLACED | {"event-id": "REDIRECT", "related-recipient-address": OWNER}
    case = analyzed([RECEIVE | {"recipient-address": OWNER}, redirect, SEND])
    assert deliveries(case, "recipient", "original_recipient", "mechanism") == [
        (EVE, OWNER, "forwarding")
    ]


def test_an_alias_is_the_recipient_as_it_came(analyzed):
    alias = "info@corp.example"
    resolve = REPLACED | {
        "event-id": "RESOLVE",
        "recipient-address": ADA,
        "related-recipient-address": alias,
    }
    case = analyzed([RECEIVE | {"recipient-address": alias}, resolve, DELIVER])
    assert deliveries(case, "recipient", "original_recipient", "flow") == [(ADA, alias, "inbound")]


@pytest.mark.parametrize(
    "sender", [BOB, ADA], ids=["a rule that redirects", "a rule that forwards"]
)
def test_what_an_inbox_rule_sends_on_is_forwarding(analyzed, sender):
    made = {"internal-message-id": "7009", "network-message-id": "ff", "return-path": sender}
    rule = RECEIVE | made | {"source": "MAILBOXRULE", "reference": "7001", "original-client-ip": ""}
    case = analyzed([RECEIVE | {"recipient-address": ADA}, DELIVER, rule, SEND | made])
    assert sorted(deliveries(case, "recipient", "original_recipient", "mechanism")) == [
        (ADA, ADA, None),
        (EVE, ADA, "forwarding"),
    ]


def test_a_fork_belongs_to_its_parent(analyzed):
    fork = MAIL | {
        "internal-message-id": "7002",
        "server-hostname": "EX01",
        "source": "ROUTING",
        "event-id": "TRANSFER",
        "reference": "7001",
    }
    both = {"recipient-address": f"{ADA};{EVE}"}
    case = analyzed([RECEIVE | both, fork, SEND | {"internal-message-id": "7002"}, DELIVER])
    assert len(case.messages) == 1
    assert {row[0] for row in deliveries(case, "origin_queue_id")} == {"7001"}


def test_a_notice_about_relayed_mail_is_backscatter(analyzed):
    notice = MAIL | {
        "internal-message-id": "7005",
        "network-message-id": "ff",
        "message-id": "<n1@corp.example>",
        "recipient-address": BOB,
        "return-path": "<>",
        "directionality": "Originating",
    }
    made = notice | {
        "server-hostname": "EX01",
        "source": "DSN",
        "event-id": "DSN",
        "reference": "<a1@far.example>",
    }
    failed = SEND | {"event-id": "FAIL", "recipient-status": "550 5.1.1 no"}
    case = analyzed([RECEIVE, failed, made, SEND | notice])
    assert sorted(deliveries(case, "queue_id", "cause_queue_id", "mechanism")) == [
        ("7001", None, "open_relay"),
        ("7005", "7001", "backscatter"),
    ]


@pytest.mark.parametrize(
    "innocent",
    [
        {"original-client-ip": "10.0.5.60"},
        {"directionality": "Originating", "return-path": ADA},
        {"connector-id": "EX01\\Client Proxy EX01", "return-path": ADA},
        {"source": "STOREDRIVER", "directionality": "Originating", "return-path": ADA},
    ],
    ids=[
        "our scanner sends",
        "the sender logged in",
        "its connector wants a login",
        "a mailbox sends",
    ],
)
def test_it_is_not_relaying_when(analyzed, innocent):
    case = analyzed([RECEIVE | innocent, SEND])
    assert [row[0] for row in deliveries(case, "mechanism")] == [None]
    assert findings(case) == []


# EX02 took it from the stranger, and handed it to EX01.
AFTER_EX02 = RECEIVE | {
    "client-ip": "10.0.0.2",
    "client-hostname": "EX02.corp.example",
    "custom-data": "S:FirstForestHop=EX02.corp.example;S:FromEntity=Internet",
}


def test_what_a_server_took_whose_logs_are_missing_may_be_a_groups_mail(analyzed):
    case = analyzed([AFTER_EX02, SEND])
    assert deliveries(case, "mechanism", "verdict") == [(None, "unclear")]
    (limit,) = findings(case, "log_gap")
    assert (limit["kind"], limit["subject"], limit["messages"]) == ("limit", "EX02", 1)
    assert "Add the logs of EX02" in limit["reason"]


@pytest.mark.parametrize(
    "difference",
    [
        {"custom-data": "S:FirstForestHop=EX01.corp.example"},
        {"custom-data": AFTER_EX02["custom-data"] + ";S:ProxiedClientIPAddress=203.0.113.7"},
        {"client-ip": "203.0.113.7"},
    ],
    ids=["it took it itself", "a front end passed it on", "a stranger hands it over"],
)
def test_no_other_server_took_it_before_where(analyzed, difference):
    case = analyzed([AFTER_EX02 | difference, SEND])
    assert deliveries(case, "mechanism") == [("open_relay",)]
    assert findings(case, "log_gap") == []


def test_an_externally_secured_connector_is_no_login(analyzed):
    case = analyzed([RECEIVE | {"directionality": "Originating"}, SEND])
    assert deliveries(case, "auth_user", "mechanism") == [(None, "open_relay")]


def test_a_forged_local_sender_is_relayed_too(analyzed):
    assert deliveries(analyzed([RECEIVE | {"return-path": ADA}, SEND]), "mechanism") == [
        ("open_relay",)
    ]


def test_a_mailbox_is_the_account_that_sent(analyzed):
    assert deliveries(analyzed([MAILBOX, SEND | {"return-path": ADA}]), "auth_user", "flow") == [
        (ADA, "outbound")
    ]


RELAY = "EX01\\Anonymous Relay"


def dialogue(*said, session="08DD10A000000001", client="203.0.113.7", connector=RELAY):
    """Rows of a dialogue, each (event, data, context), a minute before everything else."""
    return [
        {
            "date-time": f"2026-12-07T09:59:{number:02}.000Z",
            "connector-id": connector,
            "session-id": session,
            "sequence-number": str(number),
            "remote-endpoint": f"{client}:40000",
            "event": event,
            "data": data,
            "context": context,
        }
        for number, (event, data, context) in enumerate(said)
    ]


RIGHTS = ("*", "SMTPSubmit SMTPAcceptAnyRecipient", "Set Session Permissions")
FROM, TO = ("<", f"MAIL FROM:<{BOB}> SIZE=9", ""), ("<", f"RCPT TO:<{EVE}>", "")


def test_the_protocol_names_the_connector_that_let_the_stranger_in_and_its_right(analyzed):
    (found,) = findings(
        analyzed([RECEIVE, SEND], protocol=dialogue(RIGHTS, FROM, TO, (">", "250 2.1.5 Ok", "")))
    )
    assert found["subject"] == "203.0.113.7"
    assert (
        f"connector {RELAY}, which gives sessions without login the right to relay"
        in found["reason"]
    )


def test_each_client_of_each_connector_is_a_finding_of_its_own(analyzed):
    ids = itertools.count(7001)
    rows = []
    for connector, client in [
        ("EX01\\A", "203.0.113.7"),
        ("EX01\\B", "203.0.113.7"),
        ("EX01\\B", "203.0.113.8"),
    ]:
        own = {"internal-message-id": str(next(ids)), "network-message-id": f"{connector}{client}"}
        rows += [
            RECEIVE | own | {"connector-id": connector, "original-client-ip": client},
            SEND | own,
        ]
    told = [(row["subject"], row["reason"].rpartition(" ")[2]) for row in findings(analyzed(rows))]
    assert sorted(told) == [
        ("203.0.113.7", "EX01\\A"),
        ("203.0.113.7", "EX01\\B"),
        ("203.0.113.8", "EX01\\B"),
    ]


def test_the_protocol_names_the_login(analyzed):
    said = [("*", "CORP\\ada", "authenticated"), RIGHTS, FROM, TO]
    case = analyzed([RECEIVE, SEND], protocol=dialogue(*said))
    assert deliveries(case, "auth_user", "mechanism") == [("CORP\\ada", None)]


def test_a_refused_recipient_is_an_attempt(analyzed):
    said = [
        FROM,
        TO,
        (">", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", ""),
    ]
    case = analyzed(
        [RECEIVE | {"recipient-address": ADA}, DELIVER],
        protocol=dialogue(*said, client="198.18.9.9"),
    )
    told = [
        (row["client_ip"], row["sender"], row["recipient"], row["kind"])
        for row in case.attempts.to_pylist()
    ]
    assert told == [("198.18.9.9", BOB, EVE, "relay_denied")]


def test_our_mail_that_comes_back_again_and_again_is_a_loop_and_no_abuse(analyzed):
    rows = [MAILBOX, SEND | {"return-path": ADA}]
    for number in range(100):
        own = {
            "internal-message-id": str(8000 + number),
            "network-message-id": f"back{number}",
            "return-path": ADA,
            "recipient-address": ADA,
        }
        rows += [RECEIVE | own | {"original-client-ip": "198.18.7.7"}, DELIVER | own]
    case = analyzed(rows)
    assert {row["kind"] for row in case.findings.to_pylist()} == {"context"}
    (loop,) = findings(case, "loops")
    assert (loop["subject"], loop["messages"]) == ("198.18.7.7", 100)


def test_the_other_pair_of_columns_may_name_the_server(analyzed):
    swapped = SEND | {
        "event-id": "FAIL",
        "recipient-status": "550 5.1.1 no",
        "client-hostname": "mx.outside.example",
        "server-hostname": "EX01",
    }
    assert deliveries(analyzed([RECEIVE, swapped]), "server", "status") == [("EX01", "bounced")]


def test_an_automatic_reply_is_made_here_and_belongs_to_no_account(analyzed):
    reply = {
        "source": "MAILBOXRULE",
        "return-path": "<>",
        "original-client-ip": "",
        "recipient-address": BOB,
    }
    case = analyzed([RECEIVE | reply, SEND | {"return-path": "<>", "recipient-address": BOB}])
    assert deliveries(case, "submission", "auth_user", "verdict") == [("local", None, "legitimate")]


def test_a_trace_of_exchange_online_is_read_as_it_was_downloaded(tmp_path):
    trace = (
        "Organization,MessageId,MessageTraceId,Received,SenderAddress,RecipientAddress,Status,FromIP,Size\r\n"
        f"corp,<a1@x>,2fd3,2026-12-07T10:00:00,{BOB},{EVE},Delivered,203.0.113.7,5000\r\n"
        f"corp,<a1@x>,2fd3,2026-12-07T10:00:00,{BOB},{ADA},Failed,203.0.113.7,5000\r\n"
    )
    (tmp_path / "trace.csv").write_bytes(trace.encode("utf-16"))
    case = pipeline.analyze([tmp_path], site=SITE).case
    assert len(case.messages) == 1
    assert sorted(deliveries(case, "recipient", "status", "mechanism")) == [
        (ADA, "bounced", "open_relay"),
        (EVE, "delivered", "open_relay"),
    ]


def test_what_leaves_exchange_online_is_of_a_login_and_what_claims_to_be_ours_is_not(tmp_path):
    trace = (
        "MessageId,MessageTraceId,Received,SenderAddress,RecipientAddress,Status,FromIP,Size\r\n"
        f"<a1@x>,2fd3,2026-12-07T10:00:00,{ADA},{EVE},Delivered,203.0.113.7,5000\r\n"
        f"<a2@x>,2fd4,2026-12-07T10:00:01,{ADA},{ADA},Delivered,203.0.113.9,5000\r\n"
    )
    (tmp_path / "trace.csv").write_text(trace, "utf-8")
    case = pipeline.analyze([tmp_path], site=SITE).case
    assert sorted(deliveries(case, "recipient", "auth_user", "flow"), key=str) == [
        (ADA, None, "inbound"),
        (EVE, ADA, "outbound"),
    ]


NAMES_2003 = (
    "Date Time client-ip Client-hostname Partner-Name Server-hostname server-IP "
    "Recipient-Address Event-ID MSGID Priority Recipient-Report-Status total-bytes "
    "Number-Recipients Origination-Time Encryption service-Version Linked-MSGID "
    "Message-Subject Sender-Address"
).split()
FROM_BOB = {"client-ip": "203.0.113.7", "Sender-Address": BOB}


def of_2003(folder, *rows):
    """The case of a log of 2003 with these rows, a second apart: number, recipient, the rest."""
    plain = dict.fromkeys(NAMES_2003, "-")
    plain |= {"Date": "2003-8-12", "Server-hostname": "EXCH03", "MSGID": "a1@x"}
    told = [
        plain
        | {"Time": f"0:{second // 60}:{second % 60} GMT", "Event-ID": str(event)}
        | {"Recipient-Address": recipient}
        | rest
        for second, (event, recipient, rest) in enumerate(rows)
    ]
    lines = ["# " + "\t".join(NAMES_2003), *("\t".join(row.values()) for row in told)]
    (folder / "20030812.log").write_text("\r\n".join(lines) + "\r\n", "utf-8", newline="")
    return pipeline.analyze([folder], site=SITE).case


def test_one_submission_of_2003_is_logged_for_each_recipient_and_is_one_message(tmp_path):
    events = [(1019, EVE), (1019, ADA), (1025, EVE), (1031, EVE), (1028, ADA)]
    case = of_2003(tmp_path, *[(*event, FROM_BOB) for event in events])
    assert len(case.messages) == 1
    assert sorted(deliveries(case, "recipient", "status", "mechanism")) == [
        (ADA, "delivered", "open_relay"),
        (EVE, "delivered", "open_relay"),
    ]


def test_whom_2003_puts_in_the_place_of_one_of_ours_no_client_named(tmp_path):
    desk = "desk@corp.example"
    events = [(1019, desk), (1019, ADA), (1024, desk), (1034, EVE), (1031, EVE), (1028, ADA)]
    case = of_2003(tmp_path, *[(*event, FROM_BOB) for event in events])
    assert sorted(deliveries(case, "recipient", "original_recipient", "mechanism"), key=str) == [
        (ADA, ADA, None),
        (EVE, desk, "forwarding"),
    ]


def test_whom_a_client_named_in_2003_is_in_nobodys_place(tmp_path):
    events = [(1019, "desk@corp.example"), (1019, EVE), (1031, EVE)]
    case = of_2003(tmp_path, *[(*event, FROM_BOB) for event in events])
    assert (EVE, EVE, "open_relay") in deliveries(
        case, "recipient", "original_recipient", "mechanism"
    )


def notices_of_2003(sender, number=25, wait=0):
    """Mail of strangers to nobody here, and what Exchange writes to them under this sender."""
    for n in range(number):
        stranger, nobody = f"s{n}@far{n}.example", f"no{n}@corp.example"
        mail = {"MSGID": f"m{n}@x", "client-ip": "203.0.113.7", "Sender-Address": stranger}
        notice = {"MSGID": f"n{n}@exch03.corp.example", "Sender-Address": sender}
        yield 1019, nobody, mail
        yield 1030, nobody, mail
        yield from [(1024, ADA, {"MSGID": "other@x"})] * wait
        yield 1019, stranger, notice
        yield 1031, stranger, notice


@pytest.mark.parametrize("sender", ["<>", "postmaster@corp.example"])
def test_a_notice_of_2003_that_names_no_message_is_of_what_was_given_up_just_then(tmp_path, sender):
    case = of_2003(tmp_path, *notices_of_2003(sender))
    found = [row for row in case.findings.to_pylist() if row["kind"] == "abuse"]
    assert [(row["mechanism"], row["messages"]) for row in found] == [("backscatter", 25)]
    told = deliveries(case, "recipient", "cause_queue_id", "sender")
    assert ("s7@far7.example", "m7@x", "") in told


def test_what_2003_sends_to_somebody_minutes_after_mail_of_his_was_given_up_is_no_notice(tmp_path):
    case = of_2003(tmp_path, *notices_of_2003("<>", number=3, wait=90))
    assert set(deliveries(case, "cause_queue_id")) == {(None,)}


CALLED, ENDED = ("+", "", ""), ("-", "", "Local")
TAKEN = (">", "250 2.1.5 Recipient OK", "")


def attempts(case, *columns):
    return [tuple(row[name] for name in columns) for row in case.attempts.to_pylist()]


def test_a_recipient_elsewhere_accepted_and_no_message_sent_is_an_open_door(analyzed):
    case = analyzed(protocol=dialogue(CALLED, FROM, TO, TAKEN, ENDED))
    told = attempts(case, "client_ip", "sender", "recipient", "kind")
    assert told == [("203.0.113.7", BOB, EVE, "accepted_no_data")]


DATA = ("<", "DATA", "")
LOGGED_IN = ("*", "CORP\\ada", "authenticated")


@pytest.mark.parametrize(
    "said",
    [
        (CALLED, FROM, ("<", f"RCPT TO:<{ADA}>", ""), TAKEN, ENDED),
        (CALLED, FROM, TO, TAKEN, DATA, ENDED),
        (CALLED, FROM, TO, TAKEN),
    ],
    ids=["the recipient is one of us", "a message was begun", "the end is not in the log"],
)
def test_a_recipient_that_was_accepted_is_no_attempt_where(analyzed, said):
    assert attempts(analyzed(protocol=dialogue(*said)), "kind") == []


def test_a_login_that_asks_and_sends_nothing_is_no_stranger(analyzed):
    case = analyzed(protocol=dialogue(CALLED, LOGGED_IN, FROM, TO, TAKEN, ENDED))
    assert attempts(case, "kind", "auth_user") == [("accepted_no_data", "CORP\\ada")]
    assert findings(case, "relay_probes") == []


NO = (">", "535 5.7.3 Authentication unsuccessful", "")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (("*", "", "User Name: ada"), "ada"),
        (("*", "User Name: ada", ""), "ada"),
        (("*", "", "User Name: NULL"), None),
        (("<", "User Name: ada", ""), None),
    ],
    ids=["named", "named in the data", "not understood", "the client's own words"],
)
def test_a_login_that_failed_is_an_attempt_with_the_name_that_was_tried(analyzed, said, name):
    case = analyzed(protocol=dialogue(("<", "AUTH LOGIN", ""), said, NO, ENDED))
    assert attempts(case, "kind", "stage", "auth_user") == [("auth_failed", "AUTH", name)]


def test_a_name_holds_for_the_try_it_was_given_in(analyzed):
    ask = ("<", "AUTH LOGIN", "")
    case = analyzed(protocol=dialogue(ask, ("*", "", "User Name: ada"), NO, ask, NO, ENDED))
    assert attempts(case, "auth_user") == [("ada",), (None,)]
