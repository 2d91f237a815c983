"""Which lines of Postfix are known and tell nothing of a message? They are counted as ignored."""

from __future__ import annotations

from analyzer.formats.postfix_words import (
    BOUNCE,
    CLEANUP,
    HEAD,
    QMGR,
    REMOTE,
    SCRIPTS,
    SERVICES,
    SMTPD,
)
from analyzer.formats.shapes import Shape, known, programs

ANY: frozenset[str] = frozenset()
TLS = SMTPD | REMOTE | programs("tlsproxy postscreen")
POSTSCREEN = (
    "CONNECT PASS PREGREET DNSBL HANGUP COMMAND NON-SMTP BARE DISCONNECT ALLOWLISTED DENYLISTED "
    "WHITELISTED BLACKLISTED NOQUEUE WHITELIST ALLOWLIST SKIP DROP ENFORCE UNFAIL UNPASS DATA BDAT "
    "cache close entering leaving enabling"
)

# What the client side of Postfix says while it tries; the delivery line tells how it ended.
TRYING = (
    "connect to ",
    "lost connection with ",
    "conversation with ",
    "Host offered STARTTLS: ",
    "enabling PIX ",
    "SSL_connect error to ",
    "certificate verification failed for ",
    "server certificate verification failed for ",
    "Server certificate not ",
    "Cannot start TLS: ",
    "TLS is required, ",
    "TLSA lookup of ",
    "TLSRPT: ",
    "SASL authentication failed; ",
    "SASL [CACHED] authentication failed; ",
    "mail for ",
    "breaking line ",
    "delivery temporarily suspended: ",
    "replacing command ",
    "Verified TLS ",
    "Used TLS for ",
    "TLS connection established to ",
    "Peer certficate could not be verified",
    "Peer verification: ",
    "certificate peer name verification failed for ",
    "looks like ",
    "passing ",
    "initializing the client-side TLS engine",
    "setting up TLS connection ",
    "using ",
)
LISTENING = (
    "improper command pipelining after ",
    "SSL_accept error from ",
    "SSL_accept:",
    "setting up TLS connection from ",
    "initializing the server-side TLS engine",
    "bare <LF> received after ",
    "disabling PIX ",
    "enabling PIX ",
    "certificate verification failed for ",
    "fingerprint=",
    "subject_CN=",
    "reject_ratelimit",
    "discarding EHLO keywords: ",
    "client certificate ",
    "TLS ",
    "cannot load Certificate Authority data",
    "connect to Milter service ",
    "abort: TLS from ",
    "reject: ETRN ",
)
# The library that checks passwords writes under the name of the daemon that asks it.
LIBRARY = (
    "sql_select option missing",
    "sql auxprop plugin ",
    "sql plugin ",
    "sql_engine",
    "auxpropfunc error ",
    "_sasl_plugin_load failed on ",
    "OTP unavailable because ",
    "unable to open Berkeley db ",
    "unable to dlopen ",
    "could not find auxprop plugin",
    "looking for plugins in ",
    "no user in db",
    "no secret in database",
    "canonuserfunc error ",
    "DIGEST-MD5 ",
    "GSSAPI ",
    "NTLM ",
    "ldapdb ",
    "Password verification failed",
    "verify error:num=",
    "Unverified: subject_CN=",
    "Trusted: subject_CN=",
    "Untrusted: subject_CN=",
    "Verified: subject_CN=",
)
HOUSEKEEPING = (
    "statistics:",
    "table ",
    "private/",
    "public/",
    "watchdog ",
    "postfix-",
    "-- MARK --",
)

# What a daemon under -v, or one that serves a host of debug_peer_list, says of its own work. These
# lines hold the other side's words, so each is known by what Postfix writes before them.
WORKING = (
    "connection established",
    "connection closed",
    "connection request",
    "idle timeout",
    "master disconnect",
    "connect to subsystem ",
    "lookup ",
    "send attr ",
    "input attribute ",
    "process generation: ",
    "fsspace: ",
    "fd=",
    "before input_transp_cleanup: ",
    "after input_transp_cleanup: ",
    ">>> ",
)
# What the encrypting side says of a certificate, or a session, of a peer named before it.
SESSIONS = (
    "depth=[0-9]+ verify=",
    "Matched ",
    "looking up session ",
    "reloaded session ",
    "save session ",
    "remove session ",
    "Issuing session ticket, ",
    "Decrypting session ticket, ",
    "Reusing old session",
    "replacing command ",
    "replacing server reply ",
)
SCHEDULING = (
    "start sorted recipient list",
    "end sorted recipient list",
    "done ",
    "defer transport ",
    "defer site ",
)
TALKING = ("server features: ", "Using ESMTP ", "trying... ")
_SAID = r"^[<>] [^ \[\]]*\[[^ \[\]]*\](?::[0-9]+)?:(?: |$)"
_STREAM = r"^[a-z-]+ (?:stream disconnect$|socket: wanted attribute: )"
# A function of its own, which has an underscore; so has `reject_warning`, which is a decision.
_FUNCTION = r"^[a-z0-9]+_[a-vx-z0-9][a-z0-9_]*(?:\[[0-9]+\])?:(?: |$)"


def _known(daemons: frozenset[str], prefix: str, line: str, pattern: str = "") -> Shape:
    return known(daemons, prefix, HEAD + line, pattern)


def _words(daemons: frozenset[str], daemon: str, all_words: tuple[str, ...]) -> list[Shape]:
    client = "a.example[192.0.2.7]: something happened"
    return [_known(daemons, words, f"{daemon}[11]: {words}{client}") for words in all_words]


_NOTICE_FAILED = "sender notification failed to "
_DROPPED = "undeliverable postmaster notification discarded"
_UNTRACED = "not sending trace/success notification for "
_RATE = "max connection rate 1/60s for (smtp:192.0.2.7) at Dec  7 05:00:00"

KNOWN_LINES = (
    *_words(TLS, "smtpd", ("Anonymous TLS connection ", "Untrusted TLS connection ")),
    *_words(TLS, "smtpd", ("Trusted TLS connection ", "Verified TLS connection ")),
    *_words(ANY, "smtpd", ("warning: ", "error: ", "fatal: ", "panic: ")),
    *_words(CLEANUP, "cleanup", ("resent-message-id=", "removed spurious ")),
    *_words(QMGR, "qmgr", ("skipped, ", "scheduler ", "status=deferred (")),
    _known(programs("anvil scache"), "statistics: ", f"anvil[11]: statistics: {_RATE}"),
    _known(BOUNCE, _NOTICE_FAILED, f"bounce[11]: 3F2A12CE583: {_NOTICE_FAILED}ann@a.example"),
    _known(BOUNCE, _DROPPED, f"bounce[11]: 3F2A12CE583: {_DROPPED}"),
    _known(BOUNCE, _UNTRACED, f"bounce[11]: 3F2A12CE583: {_UNTRACED}double-bounce message"),
    _known(
        programs("postscreen"),
        "",
        "postscreen[11]: CONNECT from [192.0.2.7]:4711 to [192.0.2.25]:25",
        rf"^(?:{'|'.join(POSTSCREEN.split())}) ?.*$",
    ),
    *_words(programs("dnsblog"), "dnsblog", ("addr ",)),
    _known(
        programs("dnsblog tlsproxy"),
        "",
        "tlsproxy[11]: CONNECT from [192.0.2.7]:4711",
        r"^(?:CONNECT|DISCONNECT) .*$",
    ),
    _known(SCRIPTS, "", "postfix-script[11]: starting the Postfix mail system"),
    _known(SERVICES, "", "trivial-rewrite[11]: table hash:/etc/aliases has changed"),
    *_words(REMOTE, "smtp", TRYING),
    # smtp_header_checks: they name no envelope, and change no way of a message.
    _known(
        REMOTE,
        "",
        "smtp[11]: 3F2A12CE583: replace: header From: Ann <ann@a.example>: From: us@a.example",
        r"^[a-z]+: (?:header|body|mime-header|nested-header) .*$",
    ),
    *_words(SMTPD | programs("tlsproxy"), "smtpd", LISTENING),
    *_words(ANY, "smtpd", HOUSEKEEPING),
    *_words(SMTPD | REMOTE | CLEANUP, "smtpd", LIBRARY),
    *_words(programs("local virtual pipe"), "local", ("passing ",)),
    *_words(ANY, "error", ("passing <",)),
)
# Asked after the lines that name a client's certificate; the names in it are the other side's text.
CERTIFICATE_LINES = (
    _known(
        TLS,
        "",
        "smtp[11]: a.example[192.0.2.7]:25: Untrusted: subject_CN=a, issuer=b, fingerprint=AB",
        r"^[^\[\] ]*\[[^\[\] ]*\](?::[0-9]+)?: (?:(?:Unt|T)rusted: |Verified: )?"
        r"(?:subject_CN=|certificate verification failed|re-using session with ).*$",
    ),
    _known(
        TLS,
        "",
        "smtpd[11]: a.example[192.0.2.7]: depth=0 verify=1 subject=/CN=a.example",
        rf"^[^ ]+: (?:{'|'.join(SESSIONS)}).*$",
    ),
    *_words(TLS, "smtpd", ("subject=", "issuer=", "save session ", "remove session ")),
    *_words(TLS, "smtpd", ("looking for session ", "reloaded session ")),
    *_words(ANY, "smtpd", WORKING),
    *_words(QMGR, "qmgr", SCHEDULING),
    *_words(CLEANUP, "cleanup", ("initial envelope ", "extracted envelope ")),
    *_words(REMOTE, "smtp", TALKING),
    _known(ANY, "", "smtpd[11]: < a.example[192.0.2.7]: EHLO pc", _SAID),
    _known(ANY, "", "smtpd[11]: rewrite stream disconnect", _STREAM),
    _known(ANY, "", "smtpd[11]: match_list_match: a.example: no match", _FUNCTION),
)
