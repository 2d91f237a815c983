"""Which network does a message come from, where the log has no address at all?"""

import pandas as pd

from analyzer.detect.mail import networks


def test_mail_without_an_address_has_a_network_that_is_text_and_null():
    found = networks(pd.Series([None, None], dtype="float64"))
    assert found.isna().all()
    assert found.fillna("").tolist() == ["", ""]
