"""What is a configuration file taken for, by its content alone?"""

import pytest

from analyzer.config import recognise
from analyzer.config.given import Given

FILES = {
    "main.cf": ("smtpd_banner = x\nmydestination = a.example\n", recognise.POSTFIX),
    "an IPv6 network first": ("mynetworks = [::1]/128, 127.0.0.0/8\n", recognise.POSTFIX),
    "master.cf": ("smtp inet n - y - - smtpd\n  -o syslog_name=x\n", recognise.POSTFIX),
    "postconf -P": ("smtp/inet/smtpd_sasl_auth_enable = yes\n", recognise.POSTFIX),
    "site.toml": ('domains = ["a.example"]\n', recognise.SITE),
    "site.toml, an array on several lines": ("# ours\nnetworks = [\n", recognise.SITE),
    "sendmail.mc": ("OSTYPE(`linux')dnl\nMAILER(`smtp')\n", recognise.SENDMAIL_MC),
    "sendmail.cf": ("V10/Berkeley\nCwlocalhost\n", recognise.SENDMAIL_CF),
    "access": ("# ours\nConnect:10.1\tRELAY\n", recognise.SENDMAIL_ACCESS),
    "access without tags": ("10.1 RELAY\nspam.test REJECT\n", recognise.SENDMAIL_ACCESS),
    "accepted domains": ("Name : a\nDomainName : a\nDomainType : X\n", recognise.ACCEPTED_DOMAINS),
    "connectors": ('"Name","RemoteIPRanges"\n"a","b"\n', recognise.CONNECTORS),
    "permissions": ('[{"User": "x", "ExtendedRights": []}]', recognise.PERMISSIONS),
    "an access table of Postfix": ("boss@a.example OK\n", recognise.TABLE),
}


@pytest.mark.parametrize(("text", "kind"), FILES.values(), ids=FILES)
def test_a_file_is_known_by_its_content(text, kind):
    assert recognise.recognise(Given("unnamed", text)) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("local-host-names", recognise.LOCAL_NAMES),
        ("/etc/mail/relay-domains", recognise.RELAY_NAMES),
        ("sendmail.cw", recognise.LOCAL_NAMES),
        ("names.txt", recognise.TABLE),
    ],
)
def test_a_bare_list_is_known_by_its_name(name, kind):
    assert recognise.recognise(Given(name, "a.example\n")) == kind
