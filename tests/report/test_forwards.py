"""Are notices to strangers cured where they come from?"""

import pytest

from analyzer.report import tell

NOTICE = {
    "mechanism": "backscatter",
    "cause_queue_id": "4C1",
    "client_ip": None,
    "submission": "internal",
}
NOTICES = {"detector": "backscatter", "mechanism": "backscatter", "subject": "mx1.example.org"}
FORWARDED = {
    "mechanism": "forwarding",
    "verdict": "legitimate",
    "queue_id": "4C1",
    "origin_life": 5,
    "status": "bounced",
    "recipient": "\x1bjo@gone.example",
}
UNKNOWN = {"mechanism": "backscatter", "queue_id": "4D1", "origin_life": 6, "status": "bounced"}


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        ([FORWARDED], ["Mend or end the forwards"]),
        ([UNKNOWN], ["Refuse what cannot be"]),
        ([FORWARDED, UNKNOWN], ["Refuse what cannot be", "Mend or end the forwards"]),
    ],
    ids=["of forwards", "about unknown users", "of both"],
)
def test_notices_are_cured_where_they_come_from(case, rows, titles):
    causes = [row["queue_id"] for row in rows]
    about = [NOTICE | {"cause_queue_id": c, "origin_life": n} for n, c in enumerate(causes)]
    story = tell(case(deliveries=[*about, *rows], findings=[NOTICES]))
    steps = [step for step in story["steps"] if step["title"].startswith(("Mend", "Refuse"))]
    assert [step["title"][: len(t)] for step, t in zip(steps, titles, strict=True)] == titles
    assert "\x1b" not in str(steps)
    assert ("jo@gone.example" in str(steps)) is (FORWARDED in rows)


def test_a_notice_is_sent_and_not_accepted(case):
    story = tell(case(deliveries=[NOTICE, FORWARDED], findings=[NOTICES]))
    assert "about mail that it had taken and could not deliver" in story["lead"][0]
    assert "The first notice to a stranger is sent." in [e["text"] for e in story["timeline"]]
