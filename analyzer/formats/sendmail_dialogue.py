"""What does Sendmail write of connections, logins and itself?

Source: sendmail/srvrsmtp.c, collect.c, main.c, conf.c.
"""

from __future__ import annotations

from analyzer.formats.sendmail_words import CLIENT, HOST, PEER, A, known, shape

DIALOGUE_LINES = (
    shape(
        "login",
        "a client logged in; tied to the next messages of the same process and client, "
        "for the line has no queue id",
        "AUTH=server",
        rf"^AUTH=server, relay={PEER}, authid=(?P<auth_user>.*), mech=(?P<auth_method>[^,]*), "
        r"bits=[0-9]+$",
        f"AUTH=server, relay={HOST}, authid=ann, mech=PLAIN, bits=0",
    ),
    shape(
        "tls",
        "STARTTLS was done with a client",
        "STARTTLS=server, ",
        rf"^STARTTLS=server, relay={PEER}, version=(?P<reply>[^,]*"
        r"(?:, verify=(?P<certificate>OK),)?.*)$",
        f"STARTTLS=server, relay={HOST}, version=TLSv1.3, verify=OK, cipher=AES, bits=256/256",
    ),
    shape(
        "connect",
        "a client connected (LogLevel 13 and more)",
        "connect from ",
        rf"^connect from {PEER}$",
        f"NOQUEUE: connect from {HOST}",
    ),
    shape(
        "auth_failed",
        "a login failed",
        "AUTH failure (",
        r"^AUTH failure \((?P<auth_method>[A-Za-z0-9_-]+)\): (?P<reply>.*?)"
        rf"(?:(?:, user=(?P<auth_user>.*))?, relay={CLIENT})?$",  # before 8.13: neither
        f"{A}AUTH failure (LOGIN): authentication failure (-13) SASL(-13): authentication "
        f"failure: checkpass failed, user=ann, relay={HOST}",
    ),
    shape(
        "disconnect",
        "a dialogue ended without a message",
        "",
        rf"^{PEER} did not issue MAIL/EXPN/VRFY/ETRN during connection to (?:[^ ]+)$",
        f"{A}{HOST} did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
    ),
    shape(
        "disconnect",
        "the same, as written before 8.10",
        "Null connection from ",
        rf"^Null connection from {PEER}$",
        f"NOQUEUE: Null connection from {HOST}",
    ),
    shape(
        "lost",
        "a dialogue broke off",
        "lost input channel from ",
        rf"^(?P<action>lost input channel) from {PEER} to [^ ]+ after (?P<stage>[A-Za-z-]+)$",
        f"{A}lost input channel from {HOST} to MTA after rcpt",
    ),
    shape(
        "lost",
        "a message broke off while it was sent",
        "collect: ",
        r"^collect: (?P<action>premature EOM|unexpected close|I/O error|timeout)(?P<reply>.*)$",
        f"{A}collect: premature EOM: unexpected close",
    ),
    shape(
        "lost",
        "the server waited for the client in vain",
        "timeout waiting for input ",
        rf"^(?P<action>timeout) waiting for input from {PEER} during (?P<stage>.*)$",
        f"timeout waiting for input from {HOST} during client greeting",
    ),
    *(
        shape(
            "suspect",
            f"`{words}`: Sendmail itself noticed a misuse of the dialogue",
            "",
            rf"^{PEER}: (?P<action>{words})(?P<reply>[:,].*)$",
            f"{A}{HOST}: {words}{rest}",
        )
        for words, rest in (
            ("possible SMTP attack", ": command=AUTH, count=5"),
            ("probable open proxy", ": command=GET / HTTP/1.1"),
            ("Possible SMTP RCPT flood", ", throttling."),
        )
    ),
    shape(
        "suspect",
        "the client spoke before its turn",
        "rejecting ",
        rf"^(?P<action>rejecting [A-Za-z]+) from {PEER} (?P<reply>due to .*)$",
        f"rejecting commands from {HOST} due to pre-greeting traffic after 1 seconds",
    ),
    shape(
        "set_sender",
        "a local user chose the envelope sender: the trail of a script",
        "Authentication-Warning: ",
        r"^Authentication-Warning: [^ ]+: (?P<local_user>[^ ]+) set sender to (?P<sender>.*) "
        r"using -[a-z]+$",
        f"{A}Authentication-Warning: mx1: apache set sender to ann@a.example using -f",
    ),
    *(
        shape(
            "server",
            f"`{prefix}`: Sendmail was started or stopped",
            prefix,
            rf"^(?P<action>{action})(?P<reply>.*)$",
            prefix + rest,
        )
        for prefix, action, rest in (
            ("starting daemon ", "starting daemon", "(8.17.1): SMTP+queueing@00:10:00"),
            ("restarting ", "restarting", "/usr/sbin/sendmail due to signal"),
            ("stopping daemon", "stopping daemon", ", reason=signal"),
            ("rejecting connections ", "rejecting connections", "on daemon MTA: load average: 20"),
            ("accepting connections ", "accepting connections", "again for daemon MTA"),
            ("deferring connections ", "deferring connections", "on daemon MTA: 3 per second"),
            (
                "delaying connections ",
                "delaying connections",
                "on daemon MTA: load average=14 >= 12",
            ),
        )
    ),
)

# Asked before those that tell something: what follows is a stranger's text.
QUOTING = (
    known("STARTTLS=client, ", "STARTTLS=client, relay=mx.b.example., version=TLSv1.3, verify=NO"),
    known("<-- ", f"{A}<-- RCPT TO:<bob@b.example>"),
    known("--- ", f"{A}--- 550 5.1.1 <bob@b.example>... User unknown"),
)

KNOWN_LINES = (
    known("STARTTLS=", "STARTTLS=server, error: accept failed=-1, reason=unknown"),
    *(
        known(prefix, prefix + rest)
        for prefix, rest in (
            ("AUTH=client, ", "relay=mx.b.example., mech=PLAIN, bits=0"),
            ("AUTH warning: ", "no mechanisms"),
            ("STARTTLS: ", "read error=timeout"),
            ("AUTH: available mech=", "LOGIN PLAIN, allowed mech=LOGIN PLAIN"),
            ("SYSERR(", "root): cannot open /etc/mail/access"),
            ("SYSERR: ", 'putoutmsg (a.example): error on output channel sending "250 Ok": EPIPE'),
            ("Truncated MIME ", "Content-Type header due to field size (possible attack)"),
            ("Truncated long MIME ", "Content-Type header (length = 300) (possible attack)"),
            ("Fixed MIME ", "Content-Type header (possible attack)"),
            ("Dropped invalid comments ", "from header address"),
            ("POSSIBLE ATTACK from ", '[192.0.2.7]: newline in string "a"'),
            ("runqueue: ", "Skipping queue run -- load average too high"),
            ("makeconnection (", "mx.b.example. [192.0.2.9]) failed: Connection refused"),
            ("dropenvelope, ", "e_flags=0x1, OpMode=d, pid=12"),
            ("collect: relay=", "[192.0.2.7], from=<ann@a.example>, info=unexpected close"),
            ("milter=", "filter, action=mail, continue"),
            ("Milter (", "filter): error connecting to filter"),
            ("Milter add: ", "header: X-Checked: yes"),
            ("Milter insert ", "(1): header: X-Checked: yes"),
            ("Milter change", ": header Subject: from a to b"),
            ("Milter delete", ": header Subject: a"),
            ("Milter message: ", "body replaced"),
            ("Milter accept: ", "message"),
            ("Milter: init ", "success to negotiate"),
            ("Milter: initialization failed, ", "temp failing commands"),
            ("Milter: no active filter", ""),
            ("Milter: sender: ", "<ann@a.example>"),
            ("Milter read", "(filter): timeout before data read, where=eom"),
            ("Milter chgfrom: ", "<ann@a.example>"),
            ("milter_", "sys_read(filter): cmd read returned 0, expecting 5"),
            ("tls_", "srv_features=(null), relay=mx.b.example [192.0.2.9]"),
            ("unauthorized PIPELINING", ", sleeping, relay=a.example [192.0.2.7]"),
            ("ERROR: srv_features=", "tempfail, relay=a.example [192.0.2.7]"),
            ("Quarantined with ", '"our rule"'),
            ("persistent queue runner=", "1 died, pid=12, signal=6"),
            ("restart queue runner=", "1 due to signal 0x80"),
            ("Milter: connect to filters", ""),
            ("Milter: connect: ", "connection = 1"),
            ("Milter: senders: ", "<ann@a.example>"),
            ("Milter: rcpts: ", "<bob@b.example>"),
            ("tcpwrappers (", "a.example, 192.0.2.7) rejection"),
            ("SMTP outgoing connect on ", "mx1"),
            ("alias database ", "/etc/aliases rebuilt by root"),
            ("gethostbyaddr(", "192.0.2.7) failed: 1"),
            ("unable to qualify my own domain name ", "(mx1) -- using short name"),
            ("My unqualified host name ", "(mx1) unknown; sleeping for retry"),
            ("grew WorkList for ", "/var/spool/mqueue to 2000"),
            ("unquarantine", ""),
            ("Authentication-Warning: ", "mx1: Processed from queue /var/spool/mqueue"),
            ("rejecting new messages", ": min free: 100"),
            ("timeout ", "writing message to mx.b.example."),
            ("Losing ", "./qf7B7500Aj000011: savemail panic"),
            ("savemail panic", ""),
            # Said of a message; the notice that follows tells what became of it.
            ("Too many hops ", "26 (25 max): from <ann@a.example> via mx1, to <bob@b.example>"),
            ("Saved message ", "in /var/lib/sendmail/dead.letter"),
            ("queueup: ", "cannot lock"),
            ("low on space ", "(SMTP-DAEMON needs 1 bytes + 100 blocks)"),
            ("problem with ", "mx1"),
            ("problem creating SMTP socket", ""),
            ('hash map "', 'Alias0": missing map file /etc/mail/aliases.db: No such file'),
            ("WARNING: ", "local host name (mx1) is not qualified; see cf/README: WHO AM I?"),
            ("Warning: ", ".cf version level (9) exceeds sendmail version 8.9.3 functionality (8)"),
            ("STATS: ", "mail"),
            ("dangerous permissions=", "40777 on queue directory /var/spool/clientmqueue"),
            ("poststats: ", "/var/lib/sendmail/sendmail.st: No such file or directory"),
            ("engine=", "(null), path=(null), ispre=0, pre=1, initialized=0"),
            ("sendmail startup ", "succeeded"),
            ("sendmail shutdown ", "succeeded"),
            ("sm-client startup ", "succeeded"),
            ("sm-client shutdown ", "succeeded"),
            ("startup succeeded", ""),
            ("shutdown succeeded", ""),
        )
    ),
    known(
        "",
        "/etc/aliases: 14 aliases, longest 10 bytes, 152 bytes total",
        r"^[^ ]+: [0-9]+ aliases, longest ",
    ),
    known(
        "forward ",
        f"{A}forward /var/users/ann/.forward: Permission denied",
        r"^forward /[^ ]+: [A-Z].*$",
    ),
    # What Sendmail says of itself at a fault: its open files and its connections.
    known("", f"{A}  0: fl=0x8000, mode=20666: CHR: dev=0/6", r"^ *[0-9]+: fl=0x[0-9a-f]+, mode="),
    known("connect from ", "NOQUEUE: connect from root@localhost"),
    # Words of a stranger that Sendmail quotes, between its own.
    known("", f'NOQUEUE: "WIZ" command from {HOST} (root)', rf'^".*" command from {PEER} \(.*\)$'),
    known(
        "SMTP ",
        f"{A}SMTP MAIL command (<ann@a.example>) from {HOST} tempfailed (due to previous checks)",
        r"^SMTP [A-Z]+ command .*tempfailed \(due to previous checks\)$",
    ),
    known("", f"{A}{HOST}: SMTP violation, input too long: 4000", rf"^{PEER}: SMTP violation, "),
    known("error: safesasl(", "error: safesasl(/etc/sasl2/Sendmail.conf) failed: No such file"),
    known("started as: ", "started as: /usr/sbin/sendmail -bd -q10m"),
    known("smtpquit: ", f"{A}smtpquit: mailer local exited with exit value 1"),
    known("MCI@", f"{A}MCI@0x0: NULL"),
    known(
        "",
        f"{A}{HOST}: VRFY root [rejected]",
        rf"^{PEER}: (?i:VRFY|EXPN|ETRN) .*$",
    ),
    known("", f"NOQUEUE: {HOST}: NOOP", rf"^{PEER}: NOOP$"),
    known(
        "daemon ",
        "daemon MTA-v6: problem creating SMTP socket",
        "^daemon [^ ]+: problem creating SMTP socket$",
    ),
    known("", "VRFY root [rejected]", r"^(?:VRFY|EXPN|vrfy|expn) .*(?:\[rejected\])?$"),
    known(
        "",
        "ruleset=trust_auth, arg1=ann, relay=a.example",
        r"^ruleset=(?:trust_auth|tls_[a-z]+), .*$",
    ),
)
