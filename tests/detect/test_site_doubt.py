"""What must be doubted in the answer to who is local?"""

from analyzer.detect.site_doubt import SITE_DOUBT


def found(evidence, **more):
    return SITE_DOUBT.judge(evidence(**more)).to_dict("records")


def test_a_site_that_is_known_leaves_no_doubt(evidence):
    assert found(evidence, deliveries=[{}]) == []


def test_an_inferred_site_is_a_limit_that_names_the_domains(evidence):
    (row,) = found(evidence, site_known=False, inferred_domains=("corp.example",))
    assert (row["kind"], row["verdict"], row["subject"]) == ("limit", "possible", "site")
    assert "corp.example" in row["reason"]


def test_each_network_too_wide_to_believe_is_a_limit(evidence):
    (row,) = found(evidence, doubted_networks=("203.0.0.0/8",))
    assert (row["subject"], row["subject_kind"]) == ("203.0.0.0/8", "network")


def test_each_domain_with_mailboxes_here_that_the_site_omits_is_a_limit(evidence):
    unknown = {"recipient_side": "unknown", "recipient": "jo@Branch.example"}
    rows = [unknown, unknown | {"recipient": "kim@branch.example"}, {}]
    (row,) = found(evidence, deliveries=rows)
    assert (row["subject"], row["recipients"]) == ("branch.example", 2)
    assert "add it to `domains`" in row["reason"]
