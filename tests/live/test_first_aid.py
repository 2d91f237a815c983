"""Do the queue ids of `relaytrail aid` delete from a real Postfix queue what is abuse, and no more?

A server that is open to everybody keeps what strangers relayed and what its own users wrote, for
mail to elsewhere waits. The ids are given to postsuper as the user would give them.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from analyzer import pipeline
from analyzer.config import sites
from analyzer.report import first_aid
from tests.live.postfix_server import PostfixServer, program

OPEN_AND_SLOW = """
smtpd_relay_restrictions = check_client_access static:OK, reject_unauth_destination
defer_transports = smtp
"""
OURS, STRANGERS = "127.0.0.1", ("127.0.0.2", "127.0.0.3")


def send(server, client, sender, recipients):
    with server.session(client) as talk:
        talk.sendmail(sender, recipients, "Subject: x\r\n\r\nx\r\n")


@pytest.mark.parametrize("with_listing", [False, True], ids=["by the log", "by postqueue -j"])
def test_what_strangers_relayed_is_deleted_and_our_own_mail_stays(with_listing, tmp_path):
    with PostfixServer(OPEN_AND_SLOW) as server:
        for number, stranger in enumerate(STRANGERS * 3):
            far = [f"user{number}.{n}@far{n}.test" for n in range(3)]
            send(server, stranger, f"forged{number}@corp.example", far)
        send(server, OURS, "ann@corp.example", ["bob@far.test"])
        before = server.deferred(7)
        listed = "".join(f"{json.dumps(row)}\n" for row in before)
        (tmp_path / "queue.json").write_text(listed, "utf-8")
        given = [server.log, *([tmp_path / "queue.json"] if with_listing else [])]
        case = pipeline.analyze(given, site=sites([server.config / "main.cf"])).case
        told = first_aid.aid(case)
        ids = "".join(f"{name}\n" for name in first_aid.ids(told))
        command = [program("postsuper"), "-c", str(server.config), "-d", "-"]
        subprocess.run(command, input=ids, capture_output=True, text=True, check=True)
        after = server.queue()
    assert told["queue"]["ground"] == ("listing" if with_listing else "log")
    assert len(told["queue"]["messages"]) == 6
    assert [row["sender"] for row in after] == ["ann@corp.example"]
