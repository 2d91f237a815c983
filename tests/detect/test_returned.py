"""Whose mail came back by a server to which we had given it?"""

import pandas as pd
import pytest

from tests.detect.login_mail import HOST, START, letters, verdicts

SMARTHOST = "198.51.100.60"
BY_SMARTHOST = {"relay": f"smart.far.example[{SMARTHOST}]:587"}


def back(client_ip, sender=""):
    """A hundred notices to ann, in the time in which she writes three hundred letters."""
    return letters(
        100,
        auth_user=None,
        client_ip=client_ip,
        client_side="outside",
        sender_side="outside",
        origin_sender=sender,
        recipient="ann@corp.example",
        original_recipient="Ann@corp.example",
        recipient_side="inside",
        original_side="inside",
        received=lambda n: START + n * pd.Timedelta(minutes=30),
        relay="local",
    )


@pytest.mark.parametrize(
    ("notices", "found"),
    [
        (back(SMARTHOST), {"10.0.0.9": "confirmed"}),
        (back("203.0.113.77"), {}),
        (back(SMARTHOST, "friend@far.example"), {}),
    ],
    ids=["the smarthost returns it", "somebody else sends notices", "it is ordinary mail"],
)
def test_mail_that_comes_back_is_as_dead_as_what_is_refused_at_once(notices, found):
    assert verdicts(letters(300, **HOST, **BY_SMARTHOST) + notices) == found
