"""Is it said that Exchange took messages of which no tracking tells, and is nobody acquitted?"""

from dataclasses import replace

import pytest

from analyzer.report.story import tell
from tests.report.conftest import PLACE, table

TALK = PLACE | {"mta": "exchange", "auth_failures": 0, "rcpt_refused": 0, "messages": 1}


@pytest.fixture
def told(case):
    """The story of a clean case with sessions, each said by the ids that it was answered."""

    def told(*sessions, mta="exchange", deliveries=({"verdict": "legitimate", "mechanism": None},)):
        rows = [TALK | {"mta": mta, "queue_ids": ids} for ids in sessions]
        made = replace(case(deliveries=deliveries, findings=[]), sessions=table(rows, "sessions"))
        return tell(made)

    return told


def test_a_receive_protocol_alone_acquits_nobody(told):
    story = told(["71"], ["72", "73"], deliveries=[])
    assert story["title"].startswith("Not judged")
    assert "3 messages came by SMTP of which no row of message tracking tells" in story["lead"][0]
    assert "give the files of the folder MessageTracking too" in story["lead"][1]


def test_some_messages_that_tracking_does_not_have_are_told(told):
    many = [{"verdict": "legitimate", "mechanism": None, "queue_id": str(n)} for n in range(20)]
    story = told(["71"], deliveries=many)
    assert story["title"].startswith("No relay abuse found")
    assert any(line.startswith("1 message came by SMTP of which") for line in story["lead"])


@pytest.mark.parametrize(
    ("ids", "mta"),
    [(["4A1"], "exchange"), ([], "exchange"), (["71"], "postfix")],
    ids=["tracked", "none accepted", "another server's dialogue"],
)
def test_nothing_is_missing_where(told, ids, mta):
    assert "tracking" not in " ".join(told(ids, mta=mta)["lead"])
