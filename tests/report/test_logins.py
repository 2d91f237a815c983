"""Windows takes a login with its domain and without; what stands for one account is told as one."""

import pandas as pd
import pyarrow as pa
import pytest

from analyzer.report.logins import of_account, of_accounts
from analyzer.report.queries import _fits, recognised

TRIED = ["CORP\\ann", "Ann", "OTHER\\ann", "ann@corp.example", "joann", None]


@pytest.mark.parametrize(
    ("login", "same"),
    [
        ("Corp\\Ann", ["CORP\\ann", "Ann"]),
        ("ann", ["CORP\\ann", "Ann", "OTHER\\ann"]),
        ("ann@corp.example", ["ann@corp.example"]),
        ("\\", []),
    ],
)
def test_a_login_is_one_account_s_with_its_domain_and_without(login, same):
    tried = pd.Series(TRIED, dtype="str")
    assert tried[of_accounts(tried, pd.Series([login]))].tolist() == same
    lowered = pa.array([text and text.lower() for text in TRIED], pa.string())
    found = lowered.filter(of_account(lowered, login.lower())).to_pylist()
    assert found == [text.lower() for text in same]


def test_where_nobody_tried_or_no_login_is_known_nothing_fits():
    none = pd.Series([], dtype="str")
    assert of_accounts(none, pd.Series(TRIED)).tolist() == []
    assert not of_accounts(pd.Series(TRIED), none).any()


def test_a_query_for_a_login_finds_it_as_a_login_alone():
    texts = pa.array(["CORP\\ann", "ann"], pa.string())
    assert _fits(texts, "auth_user", recognised("ann")).tolist() == [True, True]
    assert _fits(texts, "local_user", recognised("ann")).tolist() == [False, True]
