"""Behind which addresses of ours is the true client hidden?"""

import pytest

from analyzer.detect.mask import MASK

BROUGHT = {
    "client_ip": "172.19.0.1",
    "origin_masked": True,
    "client_side": "inside",
    "recipient_side": "inside",
}


@pytest.fixture
def found(evidence):
    """Findings of the detector; a delivery is masked where it says so."""

    def ask(*deliveries, **more):
        plain = evidence(deliveries=deliveries, **more)
        masked = [bool(d.get("origin_masked")) for d in deliveries]
        rows = plain.deliveries.assign(origin_masked=masked)
        return MASK.judge(type(plain)(**vars(plain) | {"deliveries": rows})).to_dict("records")

    return ask


def test_a_client_that_the_log_shows_is_no_mask(found):
    assert found({}) == []


def test_a_gateway_is_a_limit_and_no_abuse(found):
    (row,) = found(BROUGHT, BROUGHT | {"origin_life": 1, "origin_sender": "eve@b.example"})
    assert (row["kind"], row["subject"], row["messages"]) == ("limit", "172.19.0.1", 2)
    assert "2 messages under 2 senders" in row["reason"]


def test_what_went_out_through_it_is_told_with_the_reason_that_let_it(found):
    (row,) = found(BROUGHT, BROUGHT | {"origin_life": 1, "recipient_side": "outside"})
    assert (
        "1 message to outside went through it, because the address is a trusted one"
        in (row["reason"])
    )


def test_it_is_probable_while_who_is_local_is_inferred(found):
    (row,) = found(BROUGHT, site_known=False)
    assert row["verdict"] == "probable"
