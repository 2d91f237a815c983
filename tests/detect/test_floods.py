"""Is the same found of a flood, however few of its rows lie in memory together?"""

from dataclasses import replace

import pandas as pd
import pytest

from analyzer import rows
from analyzer.detect import detector
from analyzer.detect.door import DOOR
from analyzer.detect.open_relay import OPEN_RELAY
from analyzer.detect.site_doubt import SITE_DOUBT
from analyzer.detect.spikes import SPIKES
from tests.detect.conftest import BEGINS, DELIVERY, frame

# Seven strangers, some by two connectors, most of whose mail is for one domain.
FLOOD = [
    {
        "mechanism": "open_relay",
        "received": f"{10 + n // 60}:{n % 60:02}",
        "client_ip": f"203.0.113.{n % 7}",
        "connector": "Frontend" if n % 4 == 0 else None,
        "origin_sender": f"s{n % 3}@a.example",
        "recipient": f"p{n}@{'Far' if n % 3 else f'd{n}'}.example",
        "status": "bounced" if n % 7 == 0 else "delivered",
        "origin_life": n if n % 10 else n % 7,
        "line": 10 + n,
        "orig_line": 3 + n // 2,
    }
    for n in range(130)
]
MORE = ["connector", "uid", "local_user"]
REFUSED = [{"time": "09:00"}, {"time": "10:30"}, {"time": "15:00", "client_ip": "203.0.113.0"}]


@pytest.mark.parametrize("at_once", [1, 7, 64])
@pytest.mark.parametrize(
    "of", [OPEN_RELAY, DOOR, SITE_DOUBT, SPIKES], ids=lambda detector: detector.name
)
@pytest.mark.parametrize("sources", [1000, 1], ids=["each client", "a crowd"])
def test_it_is(of, at_once, sources, evidence, monkeypatch):
    monkeypatch.setattr(detector, "SOURCES_SHOWN", sources)
    deliveries = frame(DELIVERY | dict.fromkeys(MORE), FLOOD, "received")
    seen = replace(
        evidence(attempts=REFUSED), deliveries=deliveries, ends=BEGINS + pd.Timedelta(days=5)
    )
    known = of.judge(seen)
    assert len(known)
    monkeypatch.setattr(rows, "AT_ONCE", at_once)
    pd.testing.assert_frame_equal(of.judge(seen), known)


def test_the_first_places_are_those_that_come_first_in_time_and_then_by_place(monkeypatch):
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    told = pd.DataFrame(
        {
            "who": pd.Categorical(["a", "a", "a", "b", "a", None]),
            "received": pd.to_datetime([f"2026-12-07 {h}:00" for h in (10, 10, 10, 10, 11, 11)]),
            "source": "mail.log",
            "line": [9, 8, 2, 5, 1, 1],
            "offset": 0,
        }
    )
    found = detector.evidence_of(told, "who", shown=2, order=["received", "source", "line"])
    assert [[place["line"] for place in of] for of in found] == [[2, 8], [5]]
    assert found.index.tolist() == ["a", "b"]
