"""What if the blocklists cannot be asked at all?"""

import sys

import pytest

from analyzer.errors import EnvironmentTrouble, SettingsError
from analyzer.probe.resolver import resolver


def test_without_dnspython_the_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dns.resolver", None)
    with pytest.raises(EnvironmentTrouble, match=r"relaytrail\[live\]"):
        resolver("127.0.0.1")


@pytest.mark.parametrize("place", ["resolver.example", "127.0.0.1:x", "127.0.0.1:99999", ""])
def test_a_resolver_is_named_by_its_address(place):
    pytest.importorskip("dns", reason="dnspython, of the extra [live], is not installed")
    with pytest.raises(SettingsError, match="no address of a resolver"):
        resolver(place)
