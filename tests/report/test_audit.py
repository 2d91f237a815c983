"""Does the report tell what the server's own configuration says, beside what the log shows?"""

from __future__ import annotations

import pytest

from analyzer.report import tell

FINDING = {
    "check": "postfix-mynetworks-wide",
    "severity": "critical",
    "file": "main.cf",
    "line": 4,
    "text": "0.0.0.0/0",
    "service": "smtp",
    "detail": "0.0.0.0/0 holds strangers.",
    "why": "Every host in that network relays without login.",
    "instead": "mynetworks = 127.0.0.0/8",
    "messages": 3,
}
DOOR = {"name": "smtp (inet)", "verdict": "open", "because": "permitted", "reach": None}
RELAYED = "relayed for"


def told(case, verdict="open", **changes):
    built = case()
    server = {"mta": "Postfix", "verdict": verdict, "doors": [DOOR], "unknown": []}
    findings = [FINDING | changes] if verdict == "open" else []
    built.audit = {
        "files": [{"path": "main.cf", "sha256": "ab" * 32}],
        "servers": [server | {"findings": findings}],
    }
    return tell(built)["audit"]


def test_a_case_without_a_configuration_has_no_such_page(case):
    assert tell(case())["audit"] is None


def test_each_finding_has_its_line_its_correction_and_its_messages(case):
    (finding,) = told(case)["servers"][0]["findings"]
    assert finding["place"] == "main.cf:4"
    assert (finding["text"], finding["instead"]) == ("0.0.0.0/0", "mynetworks = 127.0.0.0/8")
    assert finding["through"] == "3 messages of this log fit it"


def test_a_configuration_is_the_attackers_text_too(case):
    (finding,) = told(case, text="a\x1b[31m\u202eb")["servers"][0]["findings"]
    assert finding["text"] == "a\\x1b[31m\\u{202e}b"


def test_messages_counted_in_other_evidence_are_not_told_of_this_log(case):
    built = case()
    server = {"mta": "Postfix", "verdict": "open", "doors": [DOOR], "unknown": []}
    built.audit = {
        "files": [],
        "servers": [server | {"findings": [FINDING | {"messages": None}]}],
        "counted_in": None,
    }
    page = tell(built)["audit"]
    assert "for an earlier state of this case" in page["lead"][1]
    assert page["servers"][0]["findings"][0]["through"] == ""


@pytest.mark.parametrize(
    ("verdict", "changes", "said"),
    [
        ("open", {}, "3 messages in this log fit the widest hole"),
        ("open", {"messages": 1}, "1 message in this log fits the widest hole"),
        ("open", {"messages": 0}, "None of the holes explains a message of this log"),
        ("open", {"severity": "medium"}, "None of the holes explains a message of this log"),
        ("closed", {}, "yet 1 message of this log was relayed for them"),
    ],
    ids=[
        "it was used",
        "it was used once",
        "it was not used",
        "only a remark fits mail",
        "it is shut, and was not",
    ],
)
def test_the_files_are_held_against_the_log(case, verdict, changes, said):
    assert said in " ".join(told(case, verdict, **changes)["lead"])


def test_where_the_files_do_not_tell_nothing_is_held_against_the_log(case):
    assert len(told(case, "unknown")["lead"]) == 1
