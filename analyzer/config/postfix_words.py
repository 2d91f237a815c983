"""Which words may stand in a restriction list of Postfix, and which of them take an argument?

Source: postconf(5), smtpd_check.c of 3.7; words of older releases stay known.
"""

from __future__ import annotations

# The lists that are asked before those two that guard relaying.
LISTS = ("smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions")
RELAY, RECIPIENT = "smtpd_relay_restrictions", "smtpd_recipient_restrictions"

# The access checks, by what they look up.
ACCESS_CHECKS = {
    "check_client_access": "client",
    "check_reverse_client_hostname_access": "reverse",
    "check_helo_access": "helo",
    "check_ehlo_access": "helo",
    "check_sender_access": "sender",
    "check_recipient_access": "recipient",
    **{
        f"check_{what}_{record}_access": "none"
        for what in ("client", "reverse_client_hostname", "helo", "sender", "recipient")
        for record in ("mx", "ns", "a")
    },
    "check_ccert_access": "none",
    "check_sasl_access": "none",
    "check_etrn_access": "none",
}
# Whatever these look up is in a stranger's hands: smtpd takes their OK for an error.
NEVER_PERMITS = {word for word, kind in ACCESS_CHECKS.items() if kind in ("none", "reverse")}

# smtpd refuses to work without one of these in one of the two lists.
SUFFICES = {
    "reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit",
    "check_relay_domains",
}  # fmt: skip

ARGUMENT = {
    *ACCESS_CHECKS, "check_policy_service", "reject_rbl_client", "reject_rbl",
    "reject_rhsbl_client", "reject_rhsbl_reverse_client", "reject_rhsbl_helo",
    "reject_rhsbl_sender", "reject_rhsbl_recipient", "permit_dnswl_client", "permit_rhswl_client",
    "sleep",
}  # fmt: skip

KNOWN = {
    *ARGUMENT, *SUFFICES, "permit", "warn_if_reject", "defer_if_reject",
    "permit_auth_destination", "permit_inet_interfaces", "permit_mynetworks",
    "permit_sasl_authenticated", "permit_tls_clientcerts", "permit_tls_all_clientcerts",
    "permit_mx_backup", "permit_naked_ip_address", "reject_unknown_client",
    "reject_unknown_client_hostname", "reject_unknown_reverse_client_hostname",
    "reject_unknown_forward_client_hostname", "reject_plaintext_session",
    "reject_unauth_pipelining", "reject_multi_recipient_bounce", "reject_maps_rbl",
    "reject_invalid_hostname", "reject_invalid_helo_hostname", "reject_non_fqdn_hostname",
    "reject_non_fqdn_helo_hostname", "reject_unknown_hostname", "reject_unknown_helo_hostname",
    "reject_unknown_address", "reject_unknown_sender_domain", "reject_unknown_recipient_domain",
    "reject_non_fqdn_sender", "reject_non_fqdn_recipient", "reject_unlisted_sender",
    "reject_unlisted_recipient", "check_recipient_maps", "reject_unverified_sender",
    "reject_unverified_recipient", "reject_sender_login_mismatch",
    "reject_authenticated_sender_login_mismatch", "reject_known_sender_login_mismatch",
    "reject_unauthenticated_sender_login_mismatch", "permit_dnswl_client", "permit_rhswl_client",
}  # fmt: skip

# What smtpd no longer knows, or warns about.
OBSOLETE = {"permit_naked_ip_address", "check_relay_domains", "reject_maps_rbl"}
