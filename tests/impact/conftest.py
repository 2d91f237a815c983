"""Deliveries that differ from one plain delivery only in what a test says."""

import pandas as pd
import pytest

PLAIN = {
    "received": pd.Timestamp("2026-03-01T10:20:00Z"),
    "client_ip": "192.0.2.7",
    "verdict": "legitimate",
    "mechanism": None,
    "server": "mx1",
    "submission": "smtp",
    "auth_user": None,
    "local_user": None,
    "status": "delivered",
    "relay": "mx.far.example[198.51.100.9]:25",
    "size": 1000,
    "life": 1,
    "origin_life": 1,
    "recipient": "a@far.example",
    "recipient_logged": "a@far.example",
}


@pytest.fixture
def deliveries():
    def rows(*differences):
        return pd.DataFrame([PLAIN | difference for difference in differences])

    return rows
