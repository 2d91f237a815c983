"""Which of the files that were given are the server's, and what if some are not there?"""

import pytest

from analyzer.config import configuration
from analyzer.errors import SettingsError
from tests.config.fixtures import configuration_of

OPEN = "mydestination = corp.example\nmynetworks = 0.0.0.0/0\ncompatibility_level = 3.6\n"
CLOSED = OPEN.replace("0.0.0.0/0", "127.0.0.1/32")
MASTER = "smtp inet n - y - - smtpd\n"
OVERRIDE = "smtps/inet/mynetworks = 0.0.0.0/0\n"


def audited(**files):
    (audit,) = configuration_of({"files": files}).audits()
    return audit


def doors(**files):
    return {door.name: door.verdict for door in audited(**files).doors}


@pytest.mark.parametrize("copy", ["main.cf.bak", "main.cf.proto", "a.txt"])
def test_of_several_main_cf_the_one_so_named_counts_and_a_copy_is_noted(copy):
    audit = audited(**{"main.cf": OPEN, copy: CLOSED})
    assert audit.verdict == "open"
    assert f"{copy}: not used, for main.cf was given" in audit.notes


def test_a_copy_of_master_cf_is_set_aside_too():
    files = {
        "main.cf": CLOSED,
        "master.cf": MASTER,
        "master.cf.old": MASTER.replace("smtp ", "25 "),
    }
    assert doors(**files) == {"smtp (inet)": "closed"}


@pytest.mark.parametrize("names", [("a/main.cf", "b/main.cf"), ("before", "after")])
def test_main_cf_of_two_servers_is_refused(names):
    with pytest.raises(SettingsError, match="several files could be main"):
        audited(**dict.fromkeys(names, CLOSED))


def test_overrides_tell_of_a_service_that_no_master_cf_names():
    found = doors(**{"n.txt": CLOSED, "P.txt": OVERRIDE})
    assert found == {"smtpd (no master.cf was given)": "closed", "smtps (inet)": "open"}


def test_master_cf_alone_does_not_tell_that_a_door_is_closed():
    audit = audited(**{"master.cf": MASTER})
    assert (audit.verdict, list(audit.findings)) == ("unknown", [])
    assert "main.cf was not given: `postconf -n` prints what is in force" in audit.notes


def test_an_empty_answer_of_postconf_is_not_missed():
    assert not any("P.txt" in note for note in audited(**{"main.cf": CLOSED, "P.txt": "\n"}).notes)


def test_what_is_no_text_is_skipped_beside_other_files_with_a_word(tmp_path):
    (tmp_path / "main.cf").write_text(CLOSED)
    (tmp_path / "virtual.db").write_bytes(b"\0\x61\x15\x06\0")
    (tmp_path / "sasl").mkdir()
    (audit,) = configuration(sorted(tmp_path.iterdir())).audits()
    assert "virtual.db: skipped: this is not a text file" in audit.notes
    assert "sasl: skipped: this is a folder" in audit.notes
