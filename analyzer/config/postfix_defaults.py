"""What does Postfix take for a setting that its files do not state?

Source: postconf(5) and `postconf -d` of 3.7. Only settings that bear on who is local and who may
relay. A default that the machine decides (myhostname, mynetworks) is not here: it is unknown.
"""

from __future__ import annotations

_RELAY = "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"

DEFAULTS = {
    "allow_percent_hack": "yes",
    "allow_untrusted_routing": "no",
    "command_directory": "/usr/sbin",
    "compatibility_level": "0",
    "config_directory": "/etc/postfix",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "data_directory": "/var/lib/postfix",
    "default_cache_db_type": "btree",
    "default_database_type": "hash",
    "inet_interfaces": "all",
    "mail_name": "Postfix",
    "mail_owner": "postfix",
    "mail_version": "3.7.0",
    "mydestination": "$myhostname, localhost.$mydomain, localhost",
    "mydomain": "",
    "mynetworks_style": "${{$compatibility_level} <level {2} ? {subnet} : {host}}",
    "parent_domain_matches_subdomains": (
        "debug_peer_list fast_flush_domains mynetworks permit_mx_backup_networks "
        "qmqpd_authorized_clients relay_domains smtpd_access_maps"
    ),
    "permit_mx_backup_networks": "",
    "proxy_interfaces": "",
    "queue_directory": "/var/spool/postfix",
    "recipient_delimiter": "",
    "relay_domains": "${{$compatibility_level} <level {2} ? {$mydestination} : {}}",
    "relayhost": "",
    "resolve_dequoted_address": "yes",
    "smtpd_authorized_xclient_hosts": "",
    "smtpd_client_restrictions": "",
    "smtpd_helo_restrictions": "",
    "smtpd_recipient_restrictions": "",
    "smtpd_relay_before_recipient_restrictions": (
        "${{$compatibility_level} <level {3.6} ? {no} : {yes}}"
    ),
    "smtpd_relay_restrictions": f"${{{{$compatibility_level}} <level {{1}} ? {{}} : {{{_RELAY}}}}}",
    "smtpd_restriction_classes": "",
    "smtpd_sasl_auth_enable": "no",
    "smtpd_sender_login_maps": "",
    "smtpd_sender_restrictions": "",
    "smtpd_upstream_proxy_protocol": "",
    "swap_bangpath": "yes",
    "virtual_alias_domains": "$virtual_alias_maps",
    "virtual_alias_maps": "$virtual_maps",
    "virtual_mailbox_domains": "$virtual_mailbox_maps",
    "virtual_mailbox_maps": "",
    "virtual_maps": "",
    "alias_maps": "",
}

# compatibility_level came with 3.0, and with it the safe defaults.
DEFAULTS_BEFORE_3 = {
    "mail_version": "2.11.0",
    "mynetworks_style": "subnet",
    "relay_domains": "$mydestination",
    "smtpd_relay_restrictions": _RELAY,
}
# Relaying has a list of its own since 2.10.
DEFAULTS_BEFORE_2_10 = {
    "smtpd_recipient_restrictions": "permit_mynetworks, reject_unauth_destination"
}
LAST_BEFORE_3 = (2, 11)
ONE_IS_NEEDED_SINCE_3 = (
    "compatibility_level",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
)
NOT_BEFORE = {"smtpd_relay_restrictions": (2, 10), "compatibility_level": (3, 0)}
