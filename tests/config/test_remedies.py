"""Which line is to be written instead, so that honest mail still passes?"""

import pytest

from tests.config.fixtures import audited

HEAD = """\
compatibility_level = 3.6
myhostname = mx.corp.example
mydestination = corp.example
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
"""


def remedies(main, **files):
    found = audited({"files": {"main.cf": HEAD + main, **files}}).findings
    return {f.remedy for f in found if f.weight in ("critical", "high")}


@pytest.mark.parametrize(
    ("entry", "told"),
    [("0.0.0.0/0", "delete this line"), ("10.1.0.0/16 0.0.0.0/0", "10.1.0.0/16")],
)
def test_a_word_of_a_file_is_taken_out_of_the_file(entry, told):
    main = "mynetworks = 127.0.0.1/32, $config_directory/nets\n"
    assert remedies(main, nets=f"10.0.0.0/16\n{entry}\n") == {told}


def test_beside_a_word_of_the_line_the_file_is_still_named():
    main = "mynetworks = 127.0.0.1/32, 8.0.0.0/7, /etc/postfix/nets\n"
    told = {"mynetworks = 127.0.0.1/32, /etc/postfix/nets", "delete this line"}
    assert remedies(main, nets="10.0.0.0/16\n0.0.0.0/0\n") == told


@pytest.mark.parametrize(
    ("main", "files", "told"),
    [
        (
            "relay_domains = pcre:/etc/postfix/more\n",
            {"more": r"/partner\.example/ x"},
            "relay_domains = partner.example",
        ),
        (
            "relay_domains = static:all\ntransport_maps = hash:/etc/postfix/transport\n",
            {"transport": "partner.example smtp:[10.0.0.5]\ncorp.example local:\n* smtp:\n"},
            "relay_domains = partner.example",
        ),
        (
            "relay_domains = static:all\n",
            {},
            "relay_domains = followed by the names of the domains that you relay for",
        ),
        (
            "relay_domains = hash:/etc/postfix/more\n",
            {"more": "partner.example x\nnet x\n"},
            "delete this line: more:2, then: postmap hash:/etc/postfix/more",
        ),
    ],
    ids=["a pattern", "the transports", "nothing known", "an entry"],
)
def test_the_domains_that_are_relayed_for_stay(main, files, told):
    assert remedies(f"mynetworks = 127.0.0.1/32\n{main}", **files) == {told}


GUARD = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
MX_AND_CERTIFICATES = "permit_mx_backup, permit_tls_all_clientcerts, reject_unauth_destination"


def in_relay_list(words, **files):
    main = HEAD.replace("permit_mynetworks, reject_unauth_destination", words)
    found = audited({"files": {"main.cf": main + "mynetworks = 127.0.0.1/32\n", **files}}).findings
    return {f.remedy for f in found if f.weight in ("critical", "high")}


def test_one_line_mends_all_that_was_found_in_a_list():
    told = "smtpd_relay_restrictions = permit_tls_clientcerts, reject_unauth_destination"
    assert in_relay_list(MX_AND_CERTIFICATES) == {told}


def test_a_line_that_closes_a_list_closes_it_for_all_that_was_found_there():
    words = f"check_sender_access hash:/etc/postfix/senders, {MX_AND_CERTIFICATES}"
    told = in_relay_list(words, senders="partner.example OK\n")
    assert told == {f"smtpd_relay_restrictions = {GUARD}"}


def test_holes_behind_a_server_that_refuses_all_mail_are_told():
    main = "smtpd_relay_restrictions = permit\nsmtpd_recipient_restrictions = permit\n"
    main += "relay_domains = example\nallow_untrusted_routing = yes\n"
    main += "smtpd_authorized_xclient_hosts = 0.0.0.0/0\nmynetworks_style = subnet\n"
    found = audited({"files": {"main.cf": main}}).findings
    assert [f.check.name for f in found if f.weight in ("critical", "high")] == [
        "postfix-relay-domains-wide",
        "postfix-xclient-wide",
        "postfix-untrusted-routing",
    ]


@pytest.mark.parametrize("entry", ["From:corp.example", "To:com", "Connect:de", "62"])
def test_an_entry_of_the_access_table_goes_for_to_refuse_would_hit_honest_mail(entry):
    mc = "FEATURE(`access_db')dnl\nFEATURE(`relay_mail_from')dnl\nMAILER(`smtp')dnl\n"
    (found,) = audited({"files": {"sendmail.mc": mc, "access": f"{entry}\tRELAY\n"}}).findings
    assert found.remedy == "delete this line, then: makemap hash access < access"
    assert found.line == f"{entry} RELAY"  # a tab would be shown as its number


def test_of_several_tables_only_those_that_can_open_the_door_are_named():
    main = HEAD + "mynetworks = 127.0.0.1/32\nrelay_domains = mysql:/relay\n"
    for name in ("client", "sender", "recipient"):
        main += f"smtpd_{name}_restrictions = check_{name}_access mysql:/{name}\n"
    (door,) = audited({"files": {"main.cf": main}}).doors
    assert door.because == "closed, unless mysql:/relay (main.cf:6) permits"


def test_no_sender_is_told_as_no_sender():
    main = HEAD.replace("permit_mynetworks", "check_sender_access inline:{<>=OK}")
    (found,) = audited({"files": {"main.cf": main}}).findings
    assert found.detail.endswith("A stranger passes as MAIL FROM:<>.")
