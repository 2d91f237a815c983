"""Are the columns of Exchange's logs found by their names, and is every line accounted for?"""

import csv
import io
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats import Recogniser

V2007 = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,"
    "event-id,internal-message-id,message-id,recipient-address,recipient-status,total-bytes,"
    "recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,"
    "message-info"
)
V2010 = f"{V2007},directionality,tenant-id,original-client-ip,original-server-ip,custom-data"
V2013 = V2010.replace("message-id,recipient", "message-id,network-message-id,recipient")
V2016 = f"{V2013},transport-traffic-type,log-id,schema-version"
VERSIONS = {"2007": V2007, "2010": V2010, "2013": V2013, "2016": V2016}

# A stranger's mail to one of us, taken over SMTP.
RECEIVE = {
    "date-time": "2026-12-07T10:00:00.250Z",
    "client-ip": "198.18.4.4",
    "client-hostname": "mail.far.example",
    "server-hostname": "EX01",
    "connector-id": "EX01\\Default EX01",
    "source": "SMTP",
    "event-id": "RECEIVE",
    "internal-message-id": "7001",
    "message-id": "<a1@far.example>",
    "network-message-id": "2fd37dca-1234-5bfb-175d-08dc1db88f52",
    "recipient-address": "ada@corp.example",
    "total-bytes": "5000",
    "recipient-count": "1",
    "return-path": "bob@far.example",
    "directionality": "Incoming",
}
SEND = RECEIVE | {
    "event-id": "SEND",
    "client-hostname": "EX01",
    "server-hostname": "mx.far.example",
}


def row(fields, values):
    text = io.StringIO()
    csv.DictWriter(
        text, fields.split(","), restval="", lineterminator="\r\n", extrasaction="ignore"
    ).writerow(values)
    return text.getvalue()


def log(*rows, fields=V2016):
    """A tracking log of rows, each said by its values or as raw text."""
    head = "#Software: Microsoft Exchange Server\r\n#Log-type: Message Tracking Log\r\n"
    head += f"#Fields: {fields}\r\n"
    return head + "".join(one if isinstance(one, str) else row(fields, one) for one in rows)


def read(text):
    data = text if isinstance(text, bytes) else text.encode()
    reading = Recogniser().of(data)("MSGTRK.LOG", 1, 0, data)
    assert reading.parsed + reading.ignored + reading.blank + len(reading.unread) == reading.lines
    return reading


def events(reading, kind):
    return reading.tables[kind].to_pylist() if kind in reading.tables else []


@pytest.mark.parametrize("fields", VERSIONS.values(), ids=VERSIONS)
def test_the_columns_of_every_version_are_known_by_their_names(fields):
    (received,) = events(read(log(RECEIVE, fields=fields)), "received")
    told = ("client_ip", "server", "queue_id", "message_id", "sender", "size", "connector")
    assert [received[name] for name in told] == [
        "198.18.4.4",
        "EX01",
        "7001",
        "a1@far.example",
        "bob@far.example",
        5000,
        "EX01\\Default EX01",
    ]


def test_their_order_does_not_matter_and_an_unknown_column_is_passed_over():
    fields = ",".join(["new-column", *reversed(V2016.split(","))])
    assert events(read(log(RECEIVE, fields=fields)), "received")[0]["sender"] == "bob@far.example"


def test_columns_may_change_in_the_middle_of_a_file():
    reading = read(log(RECEIVE, fields=V2010) + log(RECEIVE, fields=V2016))
    assert [one["line"] for one in events(reading, "received")] == [4, 8]
    assert len(reading.unread) == 0


def test_columns_named_in_one_block_hold_in_the_next():
    recogniser = Recogniser()
    first, second = log(RECEIVE).encode(), row(V2016, RECEIVE).encode()
    recogniser.of(first)
    reading = recogniser.of(second)("MSGTRK.LOG", 5, len(first), second)
    (received,) = events(reading, "received")
    assert (received["line"], received["offset"]) == (5, len(first))


def test_a_subject_that_looks_like_column_names_is_text_in_any_block():
    recogniser = Recogniser()
    first = log(RECEIVE).encode()
    second = row(V2016, RECEIVE | {"message-subject": "#Fields: date-time,event-id"}).encode()
    for begin, block in ((0, first), (len(first), second), (len(first) + len(second), second)):
        reading = recogniser.of(block)("MSGTRK.LOG", 1, begin, block)
        assert len(events(reading, "received")) == 1


def test_rows_before_any_header_are_unread_and_the_rest_is_read():
    reading = read(row(V2016, RECEIVE) + log(RECEIVE))
    assert reading.unread["note"].to_pylist() == ["no line before it names the columns"]
    assert len(events(reading, "received")) == 1


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["no mark", "byte order mark"])
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
def test_place_and_bytes_of_a_row_are_true(mark, end):
    text = (mark + log(RECEIVE, SEND)).replace("\r\n", end)
    sent = events(read(text), "delivery")[0]
    data = text.encode()
    assert data[sent["offset"] :].startswith(b"2026-12-07T10:00:00.250Z,198.18.4.4,EX01")
    assert data[: sent["offset"]].count(b"\n") == sent["line"] - 1


@pytest.mark.parametrize(
    "event", ["HAREDIRECT", "HARECEIVE", "HADISCARD", "AGENTINFO", "NOTIFYMAPI", "SOMETHINGNEW"]
)
def test_it_is_no_traffic_and_is_counted_by_name(event):
    reading = read(log(RECEIVE | {"event-id": event}))
    assert reading.tables == {}
    assert reading.ignored_by_program == {f"SMTP {event}": 1, "heading": 3}


@pytest.mark.parametrize(
    ("differs", "client"),
    [
        ({}, "198.18.4.4"),
        ({"original-client-ip": "203.0.113.9"}, "203.0.113.9"),
        ({"custom-data": "S:A=1;S:ProxiedClientIPAddress=203.0.113.9;S:B=2"}, "203.0.113.9"),
        ({"original-client-ip": "fe80::1%3"}, "fe80::1"),
    ],
    ids=["the client", "the original client", "the proxied client", "a scope is no part of it"],
)
def test_who_handed_it_in_is(differs, client):
    assert events(read(log(RECEIVE | differs)), "received")[0]["client_ip"] == client


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("250 2.1.5 Ok;550 5.1.1 no such user", ["250 2.1.5 Ok", "550 5.1.1 no such user"]),
        (
            "250 2.1.5 Ok;550 4.4.7 QUEUE.Expired;lost",
            ["250 2.1.5 Ok", "550 4.4.7 QUEUE.Expired;lost"],
        ),
        ("all;of;it", ["all;of;it", "all;of;it"]),
        ("", [None, None]),
    ],
    ids=["one each", "a status with a semicolon", "not to be told apart", "none"],
)
def test_each_recipient_has_its_status(status, words):
    both = {
        "recipient-address": "a@x.example;b@x.example",
        "recipient-count": "2",
        "recipient-status": status,
    }
    assert [one["reply"] for one in events(read(log(SEND | both)), "delivery")] == words


def test_a_quoted_local_part_may_hold_the_separator():
    two = {"recipient-address": '"a;b"@x.example;c@x.example', "recipient-count": "2"}
    assert [one["recipient"] for one in events(read(log(SEND | two)), "delivery")] == [
        '"a;b"@x.example',
        "c@x.example",
    ]


@pytest.mark.parametrize("counted", ["2", ""], ids=["counted", "not counted"])
@pytest.mark.parametrize("between", [" ", ",", ", ", "; ", "|"])
@pytest.mark.parametrize("first", ["ada@x.example", '"a b, c|d@e"@x.example'])
def test_an_export_may_join_recipients_and_their_statuses_by_another_sign(first, between, counted):
    listed = {
        "recipient-address": between.join([first, "bob@x.example"]),
        "recipient-count": counted,
        "recipient-status": between.join(["250 2.1.5 Ok", "550 5.1.1 no such user, sorry"]),
    }
    told = events(read(log(SEND | listed)), "delivery")
    assert [(one["recipient"], one["dsn"]) for one in told] == [
        (first, "2.1.5"),
        ("bob@x.example", "5.1.1"),
    ]


@pytest.mark.parametrize(
    "address", ["/O=CORP/OU=EX/CN=RECIPIENTS/CN=Ada B", "a|b@x.example", "a#b@x.example"]
)
def test_a_sign_that_an_address_may_hold_does_not_part_it(address):
    told = events(
        read(log(SEND | {"recipient-address": address, "recipient-count": ""})), "delivery"
    )
    assert [one["recipient"] for one in told] == [address]


def test_a_code_that_another_server_said_begins_no_status_of_the_next_recipient():
    status = "451 4.4.0 target answered: 421 4.2.1 busy"
    both = {"recipient-address": "a@x.example;b@x.example", "recipient-count": "2"}
    told = events(read(log(SEND | both | {"recipient-status": status})), "delivery")
    assert [one["reply"] for one in told] == [status, status]


@pytest.mark.parametrize(
    ("event", "answer", "told"),
    [
        ("SEND", "250 2.0.0 Ok: queued as 4jHv9j2J19zVBxj", "context"),
        ("SENDEXTERNAL", "250 2.0.0 6B7A00aa002101 Message accepted for delivery", "context"),
        ("SEND", "250 2.6.0 Queued mail for delivery", "status"),
        ("FAIL", "250 2.0.0 Ok: queued as 4jHv9j2J19zVBxj", "status"),
    ],
)
def test_the_answer_of_a_next_server_that_took_the_message_is_the_one_that_has_its_id(
    event, answer, told
):
    said = {"context": answer, "status": "250 2.1.5 Recipient ok"}
    row = {
        "event-id": event,
        "source-context": said["context"],
        "recipient-status": said["status"],
    }
    (delivery,) = events(read(log(SEND | row)), "delivery")
    assert (delivery["reply"], delivery["dsn"]) == (said[told], "2.1.5")


@pytest.mark.parametrize(
    ("event", "status", "outcome"),
    [
        ("SEND", "250 2.1.5 Ok", "sent"),
        ("DELIVER", "", "sent"),
        ("FAIL", "550 5.1.1 no such user", "bounced"),
        ("FAIL", "550 4.4.7 QUEUE.Expired; message expired", "expired"),
        ("DEFER", "451 4.7.1 later", "deferred"),
    ],
)
def test_an_outcome_is_told_by_its_event(event, status, outcome):
    told = events(read(log(SEND | {"event-id": event, "recipient-status": status})), "delivery")
    assert [one["status"] for one in told] == [outcome]


def test_the_null_sender_is_no_unknown_sender():
    senders = [
        one["sender"]
        for one in events(
            read(log(RECEIVE | {"return-path": "<>"}, RECEIVE | {"return-path": ""})), "received"
        )
    ]
    assert senders == ["", None]


def test_a_day_that_does_not_exist_leaves_its_row_unread():
    reading = read(log(RECEIVE, RECEIVE | {"date-time": "2026-02-30T10:00:00.000Z"}))
    assert len(events(reading, "received")) == 1
    assert reading.unread["note"].to_pylist() == ["its time, event or recipients cannot be read"]


def test_a_subject_with_newlines_is_one_row_of_several_lines():
    reading = read(
        log(RECEIVE | {"message-subject": 'one\r\n\r\n#Fields: x,y\r\n"two", three'}, SEND)
    )
    assert [one["line"] for one in events(reading, "received")] == [4]
    assert [one["line"] for one in events(reading, "delivery")] == [8]
    assert (reading.parsed, len(reading.unread), reading.lines) == (5, 0, 8)


def test_an_open_quote_costs_its_own_row_only():
    one_quote = row(V2016, RECEIVE).replace("Incoming", '"Incoming')
    reading = read(log(RECEIVE, one_quote, *[RECEIVE] * 200, SEND))
    assert len(events(reading, "received")) == 201
    assert [one["line"] for one in reading.unread.to_pylist()] == [5]


def test_separators_in_quotes_are_text_on_both_sides_of_an_open_quote():
    listed = RECEIVE | {"message-subject": 'a, "b", c', "connector-id": "EX01\\Default, EX01"}
    one_quote = row(V2016, RECEIVE).replace("Incoming", '"Incoming')
    reading = read(log(listed, listed, one_quote, listed, RECEIVE, listed))
    connectors = [one["connector"] for one in events(reading, "received")]
    assert connectors.count("EX01\\Default, EX01") == 4
    assert len(connectors) == 5


def test_a_row_written_into_a_subject_is_text_however_many_lines_come_before_it():
    forged = row(V2016, RECEIVE | {"return-path": "forged@corp.example"})
    reading = read(log(RECEIVE | {"message-subject": "\r\n" * 300 + forged}, SEND))
    assert [one["sender"] for one in events(reading, "received")] == ["bob@far.example"]


def test_a_quote_inside_a_field_is_read_by_the_patient_reader():
    row_ = row(V2016, RECEIVE | {"message-subject": "X"}).replace(",X,", ',5" of "rain",')
    assert len(events(read(log(row_)), "received")) == 1


def test_a_row_with_too_few_fields_is_unread():
    reading = read(log(row(V2016, RECEIVE).replace(",Incoming", ""), RECEIVE))
    assert reading.unread["note"].to_pylist() == [
        "not the 30 fields that the columns in force name"
    ]


EXPORT = (
    '"PSComputerName","Timestamp","ClientIp","ClientHostname","ServerHostname","Source","EventId",'
    '"InternalMessageId","MessageId","Recipients","RecipientStatus","TotalBytes","ReturnPath"\r\n'
    '"EX01","2026-12-07T10:00:00.25Z","198.18.4.4","mail.far.example","EX01","SMTP","RECEIVE",'
    '"7001","<a1@far.example>","ada@corp.example","","5000","bob@far.example"\r\n'
)


def test_an_export_of_the_shell_names_the_same_columns_without_dashes():
    (received,) = events(read(EXPORT), "received")
    assert (received["queue_id"], received["sender"], received["line"]) == (
        "7001",
        "bob@far.example",
        2,
    )


SELECTED = (
    '"Timestamp","EventId","Source","Recipients","ClientIp","ServerHostname","MessageId",{more}'
    '"ReturnPath"\r\n'
    '"2026-12-07T10:00:00Z","RECEIVE","SMTP","x@a.example","198.18.4.4","EX01","<a1@far.example>",'
    '{value}"bob@far.example"\r\n'
    '"2026-12-07T10:00:01Z","SEND","SMTP","x@a.example","","mx.a.example","<a1@far.example>",'
    '{value}"bob@far.example"\r\n'
)


@pytest.mark.parametrize(
    ("more", "value", "joined_by"),
    [
        ("", "", "a1@far.example"),
        ('"NetworkMessageId",', '"6a-08",', "6a08"),
        ('"NetworkMessageId",', '"",', "a1@far.example"),
        ('"InternalMessageId","NetworkMessageId",', '"3.02069E+13","6a-08",', "6a08"),
        ('"InternalMessageId",', '"3,02069E+13",', "a1@far.example"),
    ],
    ids=["Message-ID", "the id on all servers", "that is empty", "not rounded", "nor in Europe"],
)
def test_an_export_without_the_ids_of_the_server_is_joined_by(more, value, joined_by):
    text = read(SELECTED.format(more=more, value=value))
    (received,), (sent,) = events(text, "received"), events(text, "delivery")
    assert received["queue_id"] == sent["queue_id"] == joined_by
    assert received["server"] == sent["server"]  # the column that is there names the next hop


def semicolons(export):
    """The export of a country that writes a comma in numbers."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(csv.reader(io.StringIO(export)))
    return text.getvalue()


def test_a_log_that_a_spreadsheet_saved_with_semicolons_is_the_same():
    saved = "".join(
        line if line.startswith("#S") else line.replace(",", ";")
        for line in log(RECEIVE).splitlines(keepends=True)
    )
    assert (saved != log(RECEIVE), values(saved)) == (True, values(log(RECEIVE)))


def values(text):
    """What the rows of a log say, but for their places."""
    places = {"offset", "length"}
    return [
        {name: value for name, value in row.items() if name not in places}
        for kind in ("received", "addressed")
        for row in events(read(text), kind)
    ]


def test_an_export_may_be_separated_by_semicolons():
    (received,) = events(read(semicolons(EXPORT)), "received")
    assert (received["client_name"], received["sender"]) == ("mail.far.example", "bob@far.example")


@pytest.mark.parametrize("name", ['"mail;\r\n""far"" away"', 'mail"far'], ids=["quoted", "damaged"])
def test_its_fields_may_hold_what_separates_them_newlines_and_quotes(name):
    two = EXPORT.replace("ada@corp.example", "ada@corp.example;eve@corp.example")
    reading = read(semicolons(two).replace("mail.far.example", name))
    told = [one["recipient"] for one in events(reading, "addressed")]
    assert (told, len(reading.unread)) == (["ada@corp.example", "eve@corp.example"], 0)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-12-07T10:00:00", 10),
        ("12/7/2026 9:00:00 PM", 21),
        ("12/7/2026 12:00:00 AM", 0),
        ("7.12.2026 09:00:00", 9),
        ("2026/12/07 09:00:00 PM", 21),
        ("2026/12/7 9:00:00", 9),
        ("2026. 12. 07. 9:00:00", 9),
        ("12/7/2026 9:00:00 pm", 21),
        ("12/7/2026 9:00:00\u202fPM", 21),
        ("12/7/2026 9:00:00?PM", 21),
        ("12/7/2026 09:00:00 p.\u00a0m.", 21),
    ],
)
def test_an_export_may_write_the_time_of_its_own_clock_and_region(written, hour):
    (received,) = events(read(EXPORT.replace("2026-12-07T10:00:00.25Z", written)), "received")
    assert received["micros"] == (1_796_601_600 + hour * 3600) * 1_000_000
    assert not received["zoned"]


def exported(*written, context=""):
    """The days in December 2026 of an export's rows, each None unless it is read as one."""
    head, row = EXPORT.replace(',"Source",', ',"Source","SourceContext",').splitlines(keepends=True)
    row = row.replace('"SMTP",', f'"SMTP","{context}",')
    rows = [row.replace("2026-12-07T10:00:00.25Z", one) for one in written]
    reading = read(head + "".join(rows))
    days = [datetime.fromtimestamp(one["micros"] / 1e6, UTC) for one in events(reading, "received")]
    return [day.day if (day.year, day.month) == (2026, 12) else None for day in days]


def test_a_number_above_twelve_tells_the_day_from_the_month_in_all_rows_of_an_export():
    assert exported("12/12/2026 9:00:00 AM", "13/12/2026 8:00:00 AM") == [12, 13]
    assert exported("12/12/2026 9:00:00 AM", "12/13/2026 8:00:00 AM") == [12, 13]


@pytest.mark.parametrize("dash", ["/", "-"])
def test_it_tells_them_apart_without_am_and_pm_too(dash):
    written = ["12/12/2026 9:00:00", "13/12/2026 18:00:00"]
    assert exported(*[one.replace("/", dash) for one in written]) == [12, 13]


def test_without_am_and_pm_a_day_that_may_be_a_month_is_read_as_neither():
    assert exported("7/12/2026 9:00:00") == []


@pytest.mark.parametrize("backwards", [False, True])
def test_an_export_is_of_few_days_rather_than_of_one_day_each_month(backwards):
    days = [2, 3, 4][:: -1 if backwards else 1]
    assert exported(*[f"{day}/12/2026 9:00:00 AM" for day in days]) == days
    assert exported(*[f"12/{day}/2026 9:00:00 AM" for day in days]) == days


def test_an_export_of_one_day_is_read_by_the_time_at_which_its_sessions_began():
    context = "08DD10A000002018;2026-12-02T22:06:37.347Z;0"
    assert exported("3/12/2026 9:06:37 AM", context=context) == [3]
    assert exported("12/2/2026 2:06:37 PM", context=context) == [2]


def test_blocks_of_an_export_write_dates_as_its_first_one_does():
    head, row = EXPORT.splitlines(keepends=True)
    first, second = (
        row.replace("2026-12-07T10:00:00.25Z", f"{day}/12/2026 9:00:00 AM").encode()
        for day in (13, 7)
    )
    recogniser = Recogniser()
    recogniser.of(head.encode() + first)
    reader = pickle.loads(pickle.dumps(recogniser.of(second)))
    (received,) = events(reader("MSGTRK.LOG", 3, 500, second), "received")
    assert received["micros"] == datetime(2026, 12, 7, 9, tzinfo=UTC).timestamp() * 1_000_000


def test_a_row_written_into_a_subject_does_not_tell_how_an_export_writes_dates():
    head, row = EXPORT.replace(',"Source",', ',"Source","MessageSubject",').splitlines(
        keepends=True
    )
    row = row.replace("2026-12-07T10:00:00.25Z", "12/7/2026 9:00:00 AM")
    forged = row.replace('"SMTP",', '"SMTP","",').replace("12/7", "13/7").replace('"', '""')
    (received,) = events(
        read(head + row.replace('"SMTP",', f'"SMTP","Hi\r\n{forged}",')), "received"
    )
    assert received["micros"] == datetime(2026, 12, 7, 9, tzinfo=UTC).timestamp() * 1_000_000


def test_a_stamp_may_name_its_offset_from_utc():
    text = EXPORT.replace("2026-12-07T10:00:00.25Z", "2026-12-07T11:00:00.2500000+01:00")
    (received,) = events(read(text), "received")
    (plain,) = events(read(EXPORT), "received")
    assert (received["micros"], received["zoned"]) == (plain["micros"], True)


WRONG_TIMES = [
    "12/7/2026 21:00:00",
    "7.12.26 21:00",
    "31.2.2026 10:00:00",
    "2026-12-07T10:00:00+99:00",
    "9999-12-31T23:59:59.999Z",
]


@pytest.mark.parametrize("written", WRONG_TIMES)
def test_a_time_that_could_be_two_days_or_none_leaves_its_row_unread(written):
    reading = read(EXPORT.replace("2026-12-07T10:00:00.25Z", written))
    assert reading.unread["note"].to_pylist() == ["its time, event or recipients cannot be read"]


def test_an_export_that_lost_its_recipients_is_unread_and_no_mail_to_a_user_of_that_name():
    reading = read(EXPORT.replace("ada@corp.example", "System.String[]"))
    assert reading.tables == {}
    assert len(reading.unread) == 1


def test_a_status_of_which_an_export_kept_no_more_than_its_class_is_none():
    told = events(read(log(SEND | {"recipient-status": "System.String[]"})), "delivery")
    assert [one["reply"] for one in told] == [None]


TRACE = (
    "Organization,MessageId,MessageTraceId,Received,SenderAddress,RecipientAddress,Status,FromIP,ToIP,Size\r\n"
    "corp,<a1@far.example>,2fd37dca-1234-5bfb-175d-08dc1db88f52,2026-12-07T10:00:00,bob@far.example,"
    "eve@far.example,Delivered,198.18.4.4,192.0.2.9,5000\r\n"
)
SUMMARY = (
    "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,"
    "network_message_id,original_client_ip,directionality,connector_id,delivery_priority\r\n"
    '2026-12-07T10:00:00.0000000Z,bob@far.example,"ada@corp.example##Receive, Deliver;'
    'eve@far.example##Receive, Fail",'
    "Hi,5000,<a1@far.example>,2fd37dca12345bfb175d08dc1db88f52,198.18.4.4,1,,Normal\r\n"
)


def test_a_message_trace_is_receipt_and_fate_in_one_row():
    reading = read(TRACE)
    assert [one["client_ip"] for one in events(reading, "received")] == ["198.18.4.4"]
    assert [(one["recipient"], one["status"]) for one in events(reading, "delivery")] == [
        ("eve@far.example", "sent")
    ]


def test_a_trace_may_write_the_day_before_the_month():
    head, row = TRACE.splitlines(keepends=True)
    rows = [row.replace("2026-12-07T10:00:00", f"{day}/12/2026 10:00:00 AM") for day in (7, 8)]
    first, _ = events(read(head + "".join(rows)), "received")
    assert first["micros"] == events(read(TRACE), "received")[0]["micros"]


def test_a_historical_search_lists_recipients_with_what_became_of_each():
    told = [(one["recipient"], one["status"]) for one in events(read(SUMMARY), "delivery")]
    assert told == [("ada@corp.example", "sent"), ("eve@far.example", "bounced")]


HEAD_2003 = (
    "# Message Tracking Log File\r\n# Exchange System Attendant Version 6.5.7638.1\r\n"
    "# Date\tTime\tclient-ip\tClient-hostname\tPartner-Name\tServer-hostname\tserver-IP\t"
    "Recipient-Address\tEvent-ID\tMSGID\tPriority\tRecipient-Report-Status\ttotal-bytes\tNumber-Recipients\tOrigination-Time\t"
    "Encryption\tservice-Version\tLinked-MSGID\tMessage-Subject\tSender-Address\r\n"
)
ROW_2003 = (
    "2003-8-12\t0:58:14 GMT\t198.18.4.4\tfar\t-\tEXCH03\t10.0.0.1\teve@far.example\t"
    "1019\ta1@far.example\t0\t0\t"
    '5000\t1\t2003-8-12 0:58:14 GMT\t0\tVersion: 6.0.3790.0\t-\tA "quoted" subject\tbob@far.example'
)


@pytest.mark.parametrize("tail", ["", "\t-"], ids=["20 fields", "21 fields"])
def test_a_log_of_2003_has_tabs_numbers_and_unpadded_times(tail):
    (received,) = events(read(f"{HEAD_2003}{ROW_2003}{tail}\r\n"), "received")
    assert received["micros"] == 1_060_649_894_000_000
    assert (received["client_ip"], received["server"], received["size"]) == (
        "198.18.4.4",
        "EXCH03",
        5000,
    )


def test_a_log_of_2003_may_leave_out_any_leading_zero():
    text = HEAD_2003 + ROW_2003.replace("\t0:58:14 GMT", "\t7:0:5 GMT") + "\r\n"
    assert events(read(text), "received")[0]["micros"] == 1_060_671_605_000_000


@pytest.mark.parametrize(
    "line", ["#Fields: date time c-ip", "a,b,c", "Dec  7 10:00:00 mx1 postfix/qmgr[1]: x"]
)
def test_another_kind_of_log_is_no_exchange_log(line):
    assert events(
        read(f"{line}\nDec  7 10:00:00 mx1 postfix/qmgr[1]: ABCDEF012: removed\n"), "removed"
    )


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(TEXT, TEXT)
def test_no_subject_or_name_can_make_or_hide_a_row(subject, name):
    reading = read(log(RECEIVE | {"message-subject": subject, "client-hostname": name}, RECEIVE))
    assert [one["sender"] for one in events(reading, "received")] == ["bob@far.example"] * 2
    assert [one["queue_id"] for one in events(reading, "received")] == ["7001"] * 2


@given(st.binary(max_size=300), st.integers(0, 2))
def test_whatever_bytes_stand_in_between_every_line_is_accounted_for(rubbish, place):
    parts = [row(V2016, RECEIVE).encode(), row(V2016, SEND).encode()]
    parts.insert(place, rubbish + b"\n")
    reading = read(log().encode() + b"".join(parts))
    assert reading.lines == 3 + 2 + rubbish.count(b"\n") + 1


@pytest.mark.parametrize(
    ("connector", "told"), [("EX01\\Default Frontend EX01", 2), ("Internet", 0)]
)
def test_what_a_server_asks_of_others_is_no_session_of_a_client(connector, told):
    fields = (
        "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,"
        "data,context"
    )
    lines = [
        f"2024-01-25T08:00:00.000Z,{connector},08DC1DB88F520001,0,10.0.0.1:25,192.0.2.9:25,{sign},,"
        for sign in "+-"
    ]
    reading = read("\r\n".join([f"#Fields: {fields}", *lines, ""]))
    assert (reading.parsed, reading.ignored) == (told, 3 - told)
