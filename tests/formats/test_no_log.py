"""What is said of text that is no mail log, though somebody meant it to be one?"""

import pytest

from analyzer.formats import what_it_is

LINE = "mx1 postfix/smtpd[11]: 3F2A12CE583: client=a.example[192.0.2.7]\n"
ROW = "2026-12-07T10:00:00.000Z,10.0.0.5,mx,10.0.0.1,ex1,08D,EX1,SMTP,RECEIVE,4711,<1@a.example>\n"
EXPORT = "Timestamp,ClientIp,EventId,InternalMessageId,Recipients\n"
COLUMNS = ["date-time", "client-ip", "client-hostname", "event-id", "recipient-address"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[\n  {"MESSAGE": "x"},\n  {"MESSAGE": "y"}\n]\n', "one object a line"),
        ("@4000000065a1b2c31a2b3c4d " + LINE, "TAI64N"),
        ('{\n\t"MESSAGE" : "x",\n\t"_PID" : "1"\n}\n', "`jq -c . FILE`"),
        ("Mon 2026-12-07 05:00:00.1 CET [s=ab;i=1]\n    MESSAGE=x\n", "journalctl -o export"),
        (
            "\nRunspaceId : 1\nEventId    : SEND\nRecipients : {a@x.example}\n",
            "as PowerShell shows",
        ),
        ('[{"Received":"2026-12-07","MessageTraceId":"1"}]', "as PowerShell shows"),
        ("EventId  Source   Sender   Recipients   MessageSubject\n", "as PowerShell shows"),
        (
            '[\n {\n  "EventId":  "SEND",\n  "Sender":  "a@x.example"\n }\n]\n',
            "as PowerShell shows",
        ),
        (LINE.removeprefix("mx1 "), "docker logs -t"),
        ("mail-1  | " + LINE.removeprefix("mx1 "), "docker compose logs -t"),
        ("|".join(COLUMNS) + "\n", "not cut by commas"),
        ('"' + '"|"'.join(COLUMNS) + '"\n', "not cut by commas"),
        ("#TYPE x\n" + "\t".join(COLUMNS) + "\n", "not cut by commas"),
        (EXPORT.replace(",", "|"), "not cut by commas"),
        (EXPORT + "09/05/2022 07:12:11,,SEND,1,a@x.example\n", "may be in May or in September"),
        (EXPORT + "5/9/2022 7:12:11 AM,,SEND,1,System.String[]\n", "without recipients"),
        (EXPORT.replace(",", ";") + "5.9.2022 7:12:11;;;1;System.String[]\n", "without recipients"),
        (ROW, "no `#Fields:` line"),
        (
            "#Software: Microsoft Exchange Server\n#Log-type: Agent Log\n",
            "of a kind that is not read",
        ),
        (
            "Timestamp,Sender,EventId,Recipients\n",
            "without the column InternalMessageId or NetworkMessageId or MessageId",
        ),
        ("Timestamp;EventId;MessageId;Sender\n", "without the column Recipients:"),
    ],
)
def test_it_is_told_what_it_is_and_what_to_do(text, said):
    assert said in what_it_is(text.encode())
    assert said in what_it_is(b"\xef\xbb\xbf" + text.encode())


@pytest.mark.parametrize(
    "text", ["", "Dear Sir,\n", "2026-12-07 invoice, 3, 4\n", "[section]\nx=1\n"]
)
def test_of_any_other_text_nothing_is_said(text):
    assert what_it_is(text.encode()) == ""
