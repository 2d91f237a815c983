"""Is it read who logged in to a mailbox, and who tried in vain, whatever he typed?"""

# ruff: noqa: E501 (a log line is as long as it is)

import pytest

from analyzer import formats

ANN = ("ann", "192.0.2.7")
CHECKED = "SASL(-13): authentication failure: checkpass failed"
LOGINS = {
    "Dovecot": "dovecot[11]: pop3-login: Login: user=<ann>, method=PLAIN, rip=192.0.2.7, rport=4711, lip=192.0.2.25, TLS",
    "Dovecot, by its unit": "dovecot.service[11]: imap-login: Logged in: user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25",
    "Courier": "courierpop3login: LOGIN, user=ann, ip=[192.0.2.7]",
    "Cyrus": "imaps[11]: login: a.example [192.0.2.7] ann plaintext+TLS User logged in",
    "Cyrus, with a session": "cyrus/pop3s[11]: login: [192.0.2.7] ann PLAIN User logged in SESSIONID=<mx1-11-1>",
    "Cyrus, old": "imapd[11]: login: a.example[192.0.2.7] ann plaintext",
    "UW IMAP": "imapd[11]: Login user=ann host=a.example [192.0.2.7]",
    "UW IMAP, by SASL": "imapd[11]: Authenticated user=ann host=[192.0.2.7] mech=LOGIN",
    "UW POP": "ipop3d[11]: Login user=ann host=a.example [192.0.2.7] nmsgs=3/3",
    "qpopper": 'in.qpopper[11]: (v4.0.9) POP login by user "ann" at (a.example) 192.0.2.7 [pop_log.c:244]',
}
FAILED = {
    "Dovecot": "dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<{}>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25",
    "Courier": "imapd-ssl: LOGIN FAILED, user={}, ip=[192.0.2.7], port=[4711]",
    "Cyrus": f"cyrus/imap[11]: badlogin: a.example [192.0.2.7] plaintext {{}} {CHECKED}",
    "Cyrus, whom it does not know": "pop3[11]: badlogin: a.example [192.0.2.7] plaintext {} invalid user",
    "UW": "imapd[11]: Login failed user={} auth=x host=a.example [192.0.2.7]",
    "UW, once more": "ipop3d[11]: Login excessive login failures user={} auth=x host=[192.0.2.7]",
    "qpopper": "popper[11]: [AUTH] Failed attempted login to {} from host (a.example) 192.0.2.7",
}
UNNAMED = {
    "Dovecot": "dovecot: imap-login: Aborted login (auth failed, 1 attempts): method=PLAIN, rip=192.0.2.7, lip=192.0.2.25",
    "Courier": "imapd-ssl: LOGIN FAILED, method=PLAIN, ip=[192.0.2.7]",
    "Cyrus": f"imap[11]: badlogin: a.example [192.0.2.7] LOGIN [{CHECKED}]",
}


def read(line):
    return formats.read_syslog("mail.log", 1, 0, f"{line}\n".encode())


def told(line, kind):
    """Account and address of the one event that the line is."""
    reading = read(line)
    assert list(reading.tables) == [kind]
    (row,) = reading.tables[kind].to_pylist()
    return row.get("auth_user"), row["client_ip"]


@pytest.mark.parametrize("line", LOGINS.values(), ids=LOGINS)
def test_a_login_names_account_and_address(line):
    assert told(f"Dec  7 05:00:00 mx1 {line}", "mailbox_login") == ANN


@pytest.mark.parametrize("line", FAILED.values(), ids=FAILED)
@pytest.mark.parametrize(
    "user",
    [
        "ann",
        "x>, method=PLAIN, rip=203.0.113.9, lip=1.1.1.1",
        "x, ip=[203.0.113.9]",
        f"x {CHECKED}",
        "x auth=x host=b [203.0.113.9]",
        "x from host (b) 203.0.113.9",
    ],
)
def test_a_failed_login_names_what_was_typed_and_from_where(line, user):
    assert told(f"Dec  7 05:00:00 mx1 {line.format(user)}", "auth_failed") == (user, "192.0.2.7")


@pytest.mark.parametrize("line", UNNAMED.values(), ids=UNNAMED)
def test_a_failed_login_may_name_the_address_alone(line):
    assert told(f"Dec  7 05:00:00 mx1 {line}", "auth_failed") == (None, "192.0.2.7")


@pytest.mark.parametrize("stamp", ["Dec 07 05:00:00", "Dec  7 05:00:00", "2026-12-07 05:00:00"])
def test_dovecots_own_file_says_the_same(stamp):
    rest = "user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS"
    assert told(f"{stamp} imap-login: Info: Login: {rest}", "mailbox_login") == ANN
    failed = f"{stamp} pop3-login: Info: Disconnected (auth failed, 1 attempts in 2 secs): {rest}"
    assert told(failed, "auth_failed") == ANN


@pytest.mark.parametrize(
    "line",
    [
        "imapd[11]: Logout user=ann host=a.example [192.0.2.7]",
        "imapd[11]: Login user=ann host=UNKNOWN",
        "imaplogin: DISCONNECTED, user=ann, ip=[192.0.2.7], headers=0, body=0",
        "imaps[11]: starttls: TLSv1.3 with cipher AES (256/256 bits new) no authentication",
        'popper[11]: ann at a.example (192.0.2.7): -ERR [AUTH] Password supplied for "ann" is incorrect.',
        "dovecot: auth: passwd-file(ann,192.0.2.7): Password mismatch",
    ],
)
def test_what_tells_of_no_login_or_says_it_once_more_is_without_bearing(line):
    reading = read(f"Dec  7 05:00:00 mx1 {line}")
    assert (reading.tables, reading.ignored) == ({}, 1)
