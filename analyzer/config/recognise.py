"""What is this configuration file, judged by its content?

Only a bare list of names tells nothing about itself: there the file's name decides, and where that
says nothing either, the file is a table that waits for a setting that refers to it.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePath

from analyzer.config.given import Given

SITE = "site.toml"
POSTFIX = "Postfix settings"
SENDMAIL_MC = "sendmail.mc"
SENDMAIL_CF = "sendmail.cf"
SENDMAIL_ACCESS = "Sendmail access table"
LOCAL_NAMES = "Sendmail local-host-names"
RELAY_NAMES = "Sendmail relay-domains"
ACCEPTED_DOMAINS = "Exchange accepted domains"
CONNECTORS = "Exchange receive connectors"
PERMISSIONS = "Exchange connector permissions"
ROUTING_55 = "Exchange 5.5 routing restrictions"
TABLE = "table"

# master.cf: service, type, private, unprivileged, chroot, wakeup, processes, command.
SERVICE_LINE = re.compile(
    r"^(?P<name>\S+)\s+(?P<type>inet|unix|unix-dgram|fifo|pass)"
    r"\s+[yn-]\s+[yn-]\s+[yn-]\s+\S+\s+\S+\s+(?P<command>\S.*)$"
)
OVERRIDE_LINE = re.compile(
    r"^(?P<service>[^\s/=]+/(?:inet|unix|fifo|pass))/(?P<name>\w+)\s*=(?P<value>.*)$"
)
SETTING_LINE = re.compile(r"^(?P<name>[A-Za-z]\w*)\s*=(?P<value>.*)$")
_POSTFIX_NAME = re.compile(
    r"^(smtpd?_\w+|my(?:networks|destination|hostname|domain|origin)\w*|relay_domains|relayhost|"
    r"compatibility_level|mail_version|inet_(?:interfaces|protocols)|proxy_interfaces|virtual_\w+|"
    r"alias_(?:maps|database)|local_\w+|transport_maps|allow_\w+|permit_\w+|queue_directory|"
    r"postscreen_\w+|milter_\w+|content_filter|command_directory|daemon_directory|smtpd)$"
)
_MC = re.compile(
    r"^\s*(?:FEATURE|MAILER|OSTYPE|DOMAIN|VERSIONID|define|LOCAL_DOMAIN|RELAY_DOMAIN)\(",
    re.MULTILINE,
)
_CF = re.compile(r"^(?:V\d+/|D[jZ]|C[wRm]|F[wR]|Scheck_rcpt|O [A-Z]\w+=|K\w+ )", re.MULTILINE)
_CF_RULES = re.compile(r"^(?:V\d+/|S\w+)", re.MULTILINE)
_ACCESS = re.compile(
    r"^(?:(?:Connect|From|To|Spam|Srv_Features|Try_TLS|TLS_\w+):\S+\s+\S"
    r"|[^#\s]\S*\s+RELAY\s*$)",
    re.MULTILINE | re.IGNORECASE,
)
_SITE_KEY = re.compile(
    r"^\s*(?:timezone|domains|relay_domains|networks|servers|lists)\s*=\s*[\[\"']|^\s*\[forwards\]",
    re.MULTILINE,
)
_COLUMNS = (
    ({"extendedrights"}, PERMISSIONS),
    ({"domainname", "domaintype"}, ACCEPTED_DOMAINS),
    ({"remoteipranges"}, CONNECTORS),
    ({"permissiongroups"}, CONNECTORS),
    ({"bindings", "authmechanism"}, CONNECTORS),
)


def recognise(given: Given) -> str:
    """One of the kinds above."""
    text = given.text
    kind = _exchange(text)
    tests = (
        (ROUTING_55, "MSExchangeIMC\\Parameters" in text),
        (kind or "", kind is not None),
        (SITE, _SITE_KEY.search(text) is not None and not _postfix_settings(text)),
        (SENDMAIL_CF, _CF.search(text) is not None and _CF_RULES.search(text) is not None),
        (SENDMAIL_MC, _MC.search(text) is not None),
        (POSTFIX, _postfix_settings(text)),
        (SENDMAIL_ACCESS, _ACCESS.search(text) is not None),
    )
    return next((kind for kind, holds in tests if holds), _by_name(given.name))


def _postfix_settings(text: str) -> bool:
    """A known setting, or a service. TOML quotes its values, main.cf has no reason to."""
    for line in text.split("\n"):
        if SERVICE_LINE.match(line) or OVERRIDE_LINE.match(line):
            return True
        setting = SETTING_LINE.match(line)
        if (
            setting
            and _POSTFIX_NAME.match(setting["name"])
            and setting["value"].strip()[:1] not in ("[", '"')
        ):
            return True
        # An IPv6 network may come first in a list, and is then in brackets as in TOML.
        if setting and re.match(r"\s*\[[0-9a-fA-F:.]+\]", setting["value"]):
            return True
    return False


def _exchange(text: str) -> str | None:
    names = _columns(text)
    return next((kind for needed, kind in _COLUMNS if needed <= names), None)


def _columns(text: str) -> set[str]:
    """The property names of a PowerShell export, in lower case: JSON, CSV or Format-List."""
    if text.lstrip()[:1] in ("[", "{"):
        try:
            data = json.loads(text)
        except ValueError:
            return set()
        items = data if isinstance(data, list) else [data]
        return {str(key).lower() for item in items if isinstance(item, dict) for key in item}
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#TYPE")]
    if lines and re.match(r'^"?[A-Za-z]\w*"?([,;\t]"?[A-Za-z]\w*"?)+$', lines[0].strip()):
        return {name.strip('" ').lower() for name in re.split(r"[,;\t]", lines[0])}
    return {
        match[1].lower() for line in lines if (match := re.match(r"^([A-Za-z]\w*)\s*: ?", line))
    }


def _by_name(name: str) -> str:
    base = PurePath(name).name.lower()
    if base.startswith(("local-host-names", "sendmail.cw")):
        return LOCAL_NAMES
    if base.startswith(("relay-domains", "sendmail.cr")):
        return RELAY_NAMES
    return TABLE
