"""Has every client its finding when a flood comes from everywhere at once?"""

from analyzer import pipeline
from analyzer.site import Site

SITE = Site(timezone="UTC", domains=["corp.example"], networks=["10.0.0.0/8"])
CLIENTS = 2_000

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


def test_every_client_of_a_flood_has_its_finding(tmp_path):
    log = tmp_path / "mail.log"
    ips = [f"11.0.{number >> 8}.{number & 255}" for number in range(CLIENTS)]
    lines = [(REFUSED + RELAYED).format(ip=ip, id=f"{0xA000000 + n:X}") for n, ip in enumerate(ips)]
    log.write_text("".join(lines))
    found = pipeline.analyze([log], site=SITE, year=2026).case.findings.to_pandas()
    for detector in ("relay_probes", "open_relay"):
        mine = found[found["detector"].eq(detector)]
        assert sorted(mine["subject"]) == sorted(ips)
        assert mine["evidence"].map(len).min() >= 1
