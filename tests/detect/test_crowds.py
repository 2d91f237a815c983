"""What is told of each client when a flood comes from everywhere at once?"""

import pytest

from analyzer import pipeline
from analyzer.detect.detector import PLACES_SHOWN, SOURCES_SHOWN
from analyzer.site import Site

SITE = Site(timezone="UTC", domains=["corp.example"], networks=["10.0.0.0/8"])
CLIENTS = 2_000
IPS = [f"11.0.{number >> 8}.{number & 255}" for number in range(CLIENTS)]

REFUSED = (
    "Dec  7 10:00:00 mx1 postfix/smtpd[2101]: NOQUEUE: reject: RCPT from unknown[{ip}]: 554 5.7.1 "
    "<bob@far.example>: Relay access denied; from=<ann@a.example> to=<bob@far.example> "
    "proto=ESMTP helo=<pc>\n"
)
RELAYED = (
    "Dec  7 10:00:00 mx1 postfix/smtpd[2101]: {id}: client=unknown[{ip}]\n"
    "Dec  7 10:00:00 mx1 postfix/qmgr[1795]: {id}: from=<ann@a.example>, size=1200, nrcpt=1 "
    "(queue active)\n"
    "Dec  7 10:00:00 mx1 postfix/smtp[2104]: {id}: to=<bob@far.example>, "
    "relay=mx.far.example[198.51.100.9]:25, delay=0.3, delays=0.1/0/0.1/0.1, dsn=2.0.0, "
    "status=sent (250 2.0.0 Ok)\n"
)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A case with mail relayed for many clients, each of which was refused once before."""
    log = tmp_path_factory.mktemp("crowd") / "mail.log"
    lines = [(REFUSED + RELAYED).format(ip=ip, id=f"{0xA000000 + n:X}") for n, ip in enumerate(IPS)]
    lines += [RELAYED.format(ip=IPS[-1], id=f"{0xB000000 + n:X}") for n in range(2)]
    log.write_text("".join(lines))
    return pipeline.analyze([log], site=SITE, year=2026).case


@pytest.mark.parametrize(
    ("detector", "table", "counted"),
    [("open_relay", "deliveries", CLIENTS + 2), ("relay_probes", "attempts", CLIENTS)],
)
def test_the_busiest_clients_have_a_finding_each_and_the_others_one(
    crowd, detector, table, counted
):
    found = crowd.findings.to_pandas()
    mine = found[found["detector"].eq(detector)]
    alone = mine[mine["subject_kind"].eq("ip")]
    (others,) = mine[mine["subject_kind"].eq("server")].to_dict("records")
    assert len(alone) == alone["subject"].nunique() == SOURCES_SHOWN
    assert mine["recipients"].sum() == counted, "nothing is dropped"
    assert others["subject"] == "mx1"
    assert f"{CLIENTS - SOURCES_SHOWN:,} more clients" in others["reason"]
    assert f"{table}.parquet" in others["reason"]
    assert mine["evidence"].map(len).between(1, PLACES_SHOWN).all()


def test_the_busiest_client_is_told_though_its_name_comes_last(crowd):
    found = crowd.findings.to_pandas()
    mine = found[found["detector"].eq("open_relay") & found["subject"].eq(IPS[-1])]
    assert mine["messages"].tolist() == [3]


def test_who_is_not_told_alone_is_in_the_table(crowd):
    rows = crowd.deliveries.to_pandas()
    assert set(rows.loc[rows["mechanism"].eq("open_relay"), "client_ip"]) == set(IPS)
