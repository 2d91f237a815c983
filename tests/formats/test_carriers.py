"""Does a line mean the same, whatever record it comes in, and is it found where it stands?"""

import json
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer import evidence, formats, pipeline, site

CLEAN = Path(__file__).parents[2] / "sample_logs" / "postfix-clean"
FORMS = ["mail.log.xz", "mail.rfc3339.log.xz", "mail.journal.json.xz"]
TEXT = "3F2A12CE583: client=a.example[192.0.2.7]"
MESSAGE = f"MESSAGE={TEXT}\n".encode()
MICROS = "1796619600000000"  # 2026-12-07 05:00:00 UTC
PLAIN = ("2026-12-07 05:00:00", "mx1", "smtpd", 11, "3F2A12CE583", "192.0.2.7")


def read(block):
    if isinstance(block, str):
        block = block.encode()
    reading = formats.read_syslog("mail.log", 1, 0, block)
    assert reading.lines == block.count(b"\n")
    assert (
        reading.parsed + reading.ignored + reading.blank + len(reading.unread) == reading.lines
    ), "every line is counted once"
    return reading


def told(block):
    """Time, host, program, process, queue id and client of each event."""
    log = formats.joined("mail.log", [read(block)])
    tables, _ = formats.dated(log, formats.Year(2026, "given"), "UTC")
    rows = [row for table in tables.values() for row in table.to_pylist()]
    names = ("server", "daemon", "pid", "queue_id", "client_ip")
    rows.sort(key=lambda row: row["line"])
    return [(f"{row['time']:%F %T}", *(row.get(name) for name in names)) for row in rows]


def journal(**differences):
    """A record of the journal as JSON, but for what differs."""
    record = {
        "__REALTIME_TIMESTAMP": MICROS,
        "PRIORITY": "6",
        "_HOSTNAME": "mx1",
        "SYSLOG_IDENTIFIER": "postfix/smtpd",
        "SYSLOG_PID": "11",
        "_PID": "12",
        "MESSAGE": TEXT,
    }
    return json.dumps(record | differences) + "\n"


def docker(log, **differences):
    record = {"log": log + "\n", "stream": "stdout", "time": "2026-12-07T05:00:00.123456789Z"}
    return json.dumps(record | differences) + "\n"


def export(*fields, text=MESSAGE):
    """A record of a journal export."""
    head = f"__CURSOR=s=1\n__REALTIME_TIMESTAMP={MICROS}\n_HOSTNAME=mx1\n".encode()
    tail = b"SYSLOG_IDENTIFIER=postfix/smtpd\nSYSLOG_PID=11\n"
    return head + b"".join(fields) + text + tail + b"\n"


def binary(name, value):
    return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


TIME = "2026-12-07T05:00:00.000Z"
# Fields as collectors name them; most take the header of a line apart.
COLLECTED = {
    "rsyslog": {
        "timereported": "2026-12-07T06:00:00.123456+01:00",
        "hostname": "mx1",
        "syslogtag": "postfix/smtpd[11]:",
        "msg": f" {TEXT}",
    },
    "rsyslog, the process by itself": {
        "timestamp": TIME,
        "host": "mx1",
        "programname": "postfix/smtpd",
        "procid": "11",
        "message": TEXT,
    },
    "syslog-ng": {
        "PROGRAM": "postfix/smtpd",
        "PID": "11",
        "MESSAGE": TEXT,
        "HOST": "mx1",
        "ISODATE": "2026-12-07T05:00:00+00:00",
        "DATE": "Dec  7 06:00:00",
    },
    "Logstash": {
        "@timestamp": TIME,
        "logsource": "mx1",
        "host": {"ip": "10.0.0.1"},
        "program": "postfix/smtpd",
        "pid": "11",
        "message": f"{TEXT}\n",
    },
    "Logstash, which kept the line as it was": {
        "@timestamp": "2026-12-09T00:00:00Z",
        "logsource": "mx1",
        "program": "postfix/smtpd",
        "pid": "11",
        "message": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    },
    "Elastic's agents": {
        "@timestamp": TIME,
        "host": {"hostname": "mx1", "name": "mx1"},
        "process": {"name": "postfix/smtpd", "pid": 11},
        "message": TEXT,
    },
    "Elastic's agents, by the parser of syslog": {
        "@timestamp": TIME,
        "host": {"name": "collector"},
        "log": {"syslog": {"appname": "postfix/smtpd", "procid": "11", "hostname": "mx1"}},
        "message": TEXT,
    },
    "Elastic's agents, by the module of systems": {
        "@timestamp": TIME,
        "system": {
            "syslog": {
                "hostname": "mx1",
                "program": "postfix/smtpd",
                "pid": "11",
                "message": TEXT,
            }
        },
    },
    "a search in Elasticsearch": {
        "_index": "mail",
        "_source": {
            "@timestamp": TIME,
            "host": "mx1",
            "program": "postfix/smtpd",
            "pid": 11,
            "message": TEXT,
        },
    },
    "Graylog": {
        "timestamp": "2026-12-07T05:00:00.000Z",
        "source": "mx1",
        "application_name": "postfix/smtpd",
        "process_id": "11",
        "message": TEXT,
    },
    "GELF": {
        "version": "1.1",
        "host": "mx1",
        "timestamp": 1796619600.25,
        "short_message": f"postfix/smtpd[11]: {TEXT}",
    },
    "Fluentd": {
        "time": 1796619600,
        "host": "mx1",
        "ident": "postfix/smtpd",
        "pid": "11",
        "message": TEXT,
    },
    "Splunk": {
        "preview": False,
        "result": {"_raw": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}"},
    },
    "NXLog": {
        "EventReceivedTime": "2026-12-09 00:00:00",
        "EventTime": "2026-12-07 05:00:00",
        "Hostname": "mx1",
        "SourceName": "postfix/smtpd",
        "ProcessID": "11",
        "Message": TEXT,
    },
    "Wazuh": {
        "timestamp": "2026-12-09T00:00:00.000+0000",
        "agent": {"name": "mx1"},
        "predecoder": {"program_name": "postfix/smtpd", "hostname": "mx1"},
        "full_log": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    },
    "one that names the program in the text, too": {
        "timestamp": TIME,
        "host": "mx1",
        "program": "postfix/smtpd",
        "message": f"postfix/smtpd[11]: {TEXT}",
    },
    "one that cuts its name at the slash": {
        "timestamp": TIME,
        "host": "mx1",
        "programname": "postfix",
        "message": f" postfix/smtpd[11]: {TEXT}",
    },
    "Google Cloud": {
        "jsonPayload": {"message": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}"},
        "timestamp": "2026-12-09T00:00:00Z",
    },
    "Loki": {
        "line": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
        "timestamp": "1796800000000000000",
    },
}
CLASSIC = f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}"
RECORDS = {
    "the journal": journal(),
    "the journal, the process as systemd knows it": journal(SYSLOG_PID=None, _PID="11"),
    "the journal, text as bytes": journal(MESSAGE=list(TEXT.encode())),
    "the journal, a field twice": journal(SYSLOG_IDENTIFIER=["postfix/smtpd", "postfix"]),
    "the journal, numbers as numbers": journal(SYSLOG_PID=11),
    "the journal, each record marked (json-seq)": f"\x1e{journal()}",
    "the journal, as events of a server (json-sse)": f"data: {journal()}\n",
    "the journal, behind the mark of Windows": f"\ufeff{journal()}",
    "the journal, the command alone": journal(SYSLOG_IDENTIFIER=None, _COMM="smtpd"),
    "Docker": docker(CLASSIC),
    "Docker, a stamp with year and zone inside": docker(
        f"2026-12-07T05:00:00Z mx1 postfix/smtpd[11]: {TEXT}", time="2026-12-07T05:00:09Z"
    ),
    "Kubernetes, with its own fields": docker(
        CLASSIC, kubernetes={"pod_name": "mail-0", "labels": {"log": "x"}}
    ),
    "a collector": json.dumps({"@timestamp": "2026-12-09T00:00:00Z", "message": CLASSIC}) + "\n",
    **{f"a record of {name}": json.dumps(record) + "\n" for name, record in COLLECTED.items()},
    "a journal export": export(),
    "a journal export, text as bytes": export(text=binary(b"MESSAGE", TEXT.encode())),
    "a journal export, another field with lines in it": export(
        binary(b"_CMDLINE", b"smtpd\n\nMESSAGE=no\n__CURSOR=\n")
    ),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_line_says_the_same_in(record):
    assert told(record) == [PLAIN]


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_line_is_found_where_it_stands_in(record):
    """The second of two records."""
    block = record.encode() if isinstance(record, str) else record
    (place,) = [
        (line, offset)
        for table in read(block * 2).tables.values()
        for line, offset in zip(table["line"].to_pylist(), table["offset"].to_pylist(), strict=True)
        if line > block.count(b"\n")
    ]
    line, offset = place
    assert (block * 2).count(b"\n", 0, offset) == line - 1
    assert (block * 2)[offset - 1 : offset] == b"\n"


def test_a_record_that_is_damaged_is_unread_as_it_stands_and_harms_no_other():
    block = journal() + journal()[:90] + "\n" + "\n" + journal()
    reading = read(block)
    assert (reading.parsed, reading.blank) == (2, 1)
    assert reading.unread["text"].to_pylist() == [journal()[:90].encode()]
    assert reading.unread["line"].to_pylist() == [2]


@pytest.mark.parametrize("without", ["MESSAGE", "__REALTIME_TIMESTAMP"])
def test_a_journal_record_without_text_or_time_is_unread(without):
    reading = read(journal() + journal(**{without: None}))
    assert (reading.parsed, len(reading.unread)) == (1, 1)


def test_a_text_that_begins_like_a_line_of_another_program_is_its_own_programs():
    record = {"time": TIME, "host": "mx1", "program": "app", "pid": "9", "message": CLASSIC}
    assert told(json.dumps(record) + "\n") == []


def test_a_newline_in_a_text_makes_no_second_line():
    forged = (
        f"{TEXT}\nDec  7 05:00:00 mx1 postfix/smtpd[11]: 3F2A12CE584: client=b.example[192.0.2.8]"
    )
    reading = read(journal(MESSAGE=forged))
    assert (reading.parsed, len(reading.unread)) == (0, 1)


def test_a_host_and_a_program_stay_one_word():
    assert told(journal(_HOSTNAME="mx 1")) == [(PLAIN[0], "mx_1", *PLAIN[2:])]


def test_a_record_of_another_program_is_ignored_by_its_name():
    reading = read(journal(SYSLOG_IDENTIFIER="cron", MESSAGE="done") + journal())
    assert reading.ignored_by_program == {"cron": 1}


def test_fields_of_an_export_are_counted_as_ignored():
    reading = read(export())
    assert (reading.lines, reading.parsed, reading.ignored, reading.blank) == (7, 1, 5, 1)


def test_json_that_is_no_log_is_unread():
    assert len(read('{"a": 1}\n[]\n').unread) == 2


def test_records_of_an_export_are_whole_wherever_blocks_are_cut(tmp_path):
    whole = b"".join(export(f"N={n}\n".encode()) for n in range(50))
    (tmp_path / "export").write_bytes(whole)
    (found,) = evidence.find([tmp_path / "export"])
    for size in (50, 100, 199, 1000):
        blocks = list(formats.whole_records(evidence.read(found, size)))
        assert b"".join(block.data for block in blocks) == whole
        assert [whole[: block.offset].count(b"\n") + 1 for block in blocks] == [
            block.first_line for block in blocks
        ]
        events = [formats.read_syslog("x", b.first_line, b.offset, b.data) for b in blocks]
        assert sum(reading.parsed for reading in events) == 50


@pytest.fixture(scope="module")
def cases():
    """The clean sample, analysed from each of its three forms: they are the same lines."""
    known = site.load(CLEAN / "site.toml")
    return {form: pipeline.analyze([CLEAN / form], site=known).case for form in FORMS}


@pytest.mark.parametrize("form", FORMS[1:])
@pytest.mark.parametrize("table", ["messages", "deliveries", "attempts"])
def test_the_three_forms_of_one_log_are_one_log(cases, form, table):
    plain, other = (_comparable(getattr(cases[name], table)) for name in (FORMS[0], form))
    pd.testing.assert_frame_equal(plain, other)


@pytest.mark.parametrize("form", FORMS)
def test_every_line_of_the_three_forms_is_read(cases, form):
    (counts,) = cases[form].manifest["inputs"]
    assert counts["lines"] == 15115
    assert counts["parsed"] + counts["ignored"] == 15115


def _comparable(table):
    """Without what a form adds: where the line is, and fractions of a second."""
    places = {"source", "offset", "orig_source", "orig_offset"}
    frame = table.drop_columns([name for name in places if name in table.column_names]).to_pandas()
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            frame[name] = frame[name].dt.floor("s")
    if "line" in frame:
        frame = frame.sort_values([n for n in ("line", "recipient") if n in frame])
    frame = frame.drop(columns=[n for n in ("origin_life",) if n in frame])
    return frame.reset_index(drop=True)


def test_a_place_in_the_json_form_is_that_of_the_record(cases):
    rows = cases["mail.journal.json.xz"].deliveries.to_pandas().head(500)
    stream = lzma.decompress((CLEAN / "mail.journal.json.xz").read_bytes())
    starts = np.flatnonzero(np.frombuffer(b"\n" + stream, np.uint8) == 10)
    assert (starts[rows["line"] - 1] == rows["offset"]).all()
    for place, recipient in zip(rows["offset"], rows["recipient"], strict=True):
        record = json.loads(stream[place : stream.index(b"\n", place)])
        assert recipient.partition("@")[0] in record["MESSAGE"]


# Tables as consoles of collectors export them: names of columns, and a row.
TABLES = {
    "Kibana": (
        '"@timestamp","host.name","process.name","process.pid",message',
        f'"Dec 7, 2026 @ 05:00:00.000",mx1,"postfix/smtpd",11,"{TEXT}"',
    ),
    "Graylog": (
        '"timestamp","source","message"',
        f'"2026-12-07T05:00:00.000Z","mx1","postfix/smtpd[11]: {TEXT}"',
    ),
    "Graylog, the host kept in the message": (
        '"timestamp","source","message"',
        f'"2026-12-07T05:00:00.000Z","mx1","mx1 postfix/smtpd[11]: {TEXT}"',
    ),
    "Splunk": (
        '"_raw","_time",host,source',
        f'"{CLASSIC}","2026-12-09T06:00:00.000+0100",collector,"/var/log/mail.log"',
    ),
    "Grafana": ("Time,Line,tsNs", f"2026-12-07 05:00:00.123,{CLASSIC},1796619600123000000"),
    "CloudWatch": ("timestamp,message", f"1796619600000,postfix/smtpd[11]: {TEXT}"),
    "a table cut by semicolons": ("Time;Message", f"2026-12-07T05:00:00Z;{CLASSIC}"),
}


def table(*lines):
    """The reading of a file of these lines."""
    block = "".join(f"{line}\r\n" for line in lines).encode()
    reading = formats.Recogniser().of(block)("mail.csv", 1, 0, block)
    assert (
        reading.parsed + reading.ignored + reading.blank + len(reading.unread) == reading.lines
    ), "every line is counted once"
    return reading


@pytest.mark.parametrize(("names", "row"), TABLES.values(), ids=TABLES)
def test_a_line_says_the_same_in_a_table_of(names, row):
    reading = table(names, row)
    log = formats.joined("mail.csv", [reading])
    tables, _ = formats.dated(log, formats.Year(2026, "given"), "UTC")
    (event,) = [event for one in tables.values() for event in one.to_pylist()]
    assert (event["time"].replace(microsecond=0).strftime("%F %T"), event["queue_id"]) == (
        PLAIN[0],
        PLAIN[4],
    )
    assert event["daemon"] == "smtpd"
    assert event["line"] == 2


def test_a_row_with_a_column_too_many_is_unread_as_it_stands_and_harms_no_other():
    names, row = TABLES["Graylog"]
    reading = table(names, f"{row},x", row, names, row)
    assert (reading.parsed, reading.ignored) == (2, 2)
    assert reading.unread["text"].to_pylist() == [f"{row},x\r".encode()]


def test_a_log_whose_first_line_has_commas_is_no_table():
    block = f"Dec  7 05:00:00 mx1 x: a,message,b\n{CLASSIC}\n".encode()
    assert formats.Recogniser().of(block) is formats.read_syslog


@pytest.mark.parametrize(
    "text", ['"first\nsecond"', '"a\r\r\rb"', '"a\rb"', '"never ends'], ids=repr
)
def test_a_text_with_line_ends_in_a_table_moves_no_other_row(text):
    block = f"time,host,program,message\n2026-12-07T05:00:00Z,mx1,php,{text}\n".encode()
    row = f"2026-12-07T05:00:00Z,mx1,postfix/smtpd[11],{TEXT}\n".encode()
    reading = formats.Recogniser().of(block + row)("mail.csv", 1, 0, block + row)
    (event,) = [event for one in reading.tables.values() for event in one.to_pylist()]
    assert event["line"] == block.count(b"\n") + 1
    assert reading.parsed + reading.ignored + len(reading.unread) == reading.lines


def test_a_row_with_bytes_that_are_no_text_and_a_column_too_many_is_unread_without_complaint(capfd):
    row = b"2026-12-07T05:00:00Z,mx1,php,\xff,more\n"
    block = b"time,host,program,message\n" + row
    reading = formats.Recogniser().of(block)("mail.csv", 1, 0, block)
    assert reading.unread["text"].to_pylist() == [row.rstrip()]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("time", [9999999999999999999, "9" * 19, 1e300, -1])
def test_a_time_that_is_none_stops_nothing(time):
    record = {"time": time, "host": "mx1", "program": "postfix/smtpd", "message": TEXT}
    assert read(json.dumps(record) + "\n").lines == 1


@pytest.mark.parametrize("time", [1796619600123.5, 1796619600123456.0])
def test_a_time_in_fractions_is_a_time(time):
    record = {"time": time, "host": "mx1", "program": "postfix/smtpd", "pid": 11, "message": TEXT}
    assert told(json.dumps(record) + "\n") == [PLAIN]


def test_a_record_with_an_empty_program_has_none():
    record = {"time": TIME, "host": "mx1", "program": "", "message": CLASSIC}
    assert told(json.dumps(record) + "\n") == [PLAIN]


def test_a_log_that_begins_with_a_record_is_no_json():
    reading = read(json.dumps({"message": "x"}) + "\n" + f"{CLASSIC}\n" * 50)
    assert (reading.parsed, len(reading.unread)) == (50, 1)


def test_what_an_application_was_told_is_no_line_of_a_server():
    web = {"time": TIME, "host": "www", "message": "GET /"}
    forged = web | {"message": f"postfix/smtpd[11]: {TEXT}"}
    assert told("".join(json.dumps(one) + "\n" for one in (web, forged, web))) == []
