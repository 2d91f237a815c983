"""Which network does a message come from, also where the log has no address at all?"""

import pandas as pd
import pytest

from analyzer.detect.mail import networks


def test_mail_without_an_address_has_a_network_that_is_text_and_null():
    found = networks(pd.Series([None, None], dtype="float64"))
    assert found.isna().all()
    assert found.fillna("").tolist() == ["", ""]


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1"),
        ("2001:db8:1:2::3", "2001:db8:1"),
        ("2001:db8::1", "2001:db8:0"),
        ("2001::1:2:3:4", "2001:0:0"),
    ],
)
def test_the_network_is_what_one_customer_gets(ip, network):
    assert networks(pd.Series([ip, None], dtype="str")).tolist()[0] == network
