"""What does a lookup table answer, and what if its content was not given?"""

import pytest

from analyzer.config.given import Given, Place, Said
from analyzer.config.postfix_tables import UNKNOWN, Tables


def table(spec, text=""):
    files = [Given("given/etc/postfix/t", text)] if text else []
    return Tables(files).table(Said(spec, Place("main.cf", 1)))


HASH = '# remark\nann@a.example  ann\n\tbob\nA.Example OK\n"quoted user"@a.example x\nname: y\n'
REGEXP = "/^ann@/i CASE\n/^bob@/ NOCASE\nif /cut/\n/x$/ INNER\nendif\n!/a\\.example$/ OTHER\n"


@pytest.mark.parametrize(
    ("spec", "text", "keys", "answer"),
    [
        ("hash:/etc/postfix/t", HASH, ["ann@a.example"], "ann bob"),
        ("hash:/etc/postfix/t", HASH, ["missing", "a.example"], "OK"),
        ("hash:/etc/postfix/t", HASH, ["name"], "y"),
        ("hash:/etc/postfix/t", HASH, ["quoted user@a.example"], "x"),
        ("proxy:hash:/etc/postfix/t", HASH, ["a.example"], "OK"),
        ("regexp:/etc/postfix/t", REGEXP, ["BOB@a.example"], "NOCASE"),
        ("regexp:/etc/postfix/t", REGEXP, ["cut-x"], "INNER"),
        ("regexp:/etc/postfix/t", REGEXP, ["eve@b.example"], "OTHER"),
        ("cidr:/etc/postfix/t", "10.0.0.0/8 IN\n!192.0.2.0/24 OUT\n", ["10.1.2.3"], "IN"),
        ("cidr:/etc/postfix/t", "10.0.0.0/8 IN\n!192.0.2.0/24 OUT\n", ["203.0.113.1"], "OUT"),
        ("cidr:/etc/postfix/t", "10.1.2.3/8 SKIPPED\n10.0.0.0/8 IN\n", ["10.1.2.3"], "IN"),
        ("inline:{ a=b, { c = d e } }", "", ["c"], "d e"),
        ("pcre:{{/^a@/ A}, {/^b{2}@/ B}}", "", ["bb@x"], "B"),
        ("cidr:{{10.0.0.0/8 IN}}", "", ["10.1.2.3"], "IN"),
        ("unionmap:{inline:{a=1}, inline:{a=2, b=3}}", "", ["a"], "1,2"),
        ("unionmap:{inline:{a=1}, inline:{a=2, b=3}}", "", ["b"], "3"),
        ("pipemap:{regexp:/etc/postfix/t, inline:{case=OK}}", REGEXP, ["BOB@a.example"], None),
        ("pipemap:{regexp:/etc/postfix/t, inline:{nocase=OK}}", REGEXP, ["bob@b"], "OK"),
        ("unionmap:{regexp:/etc/postfix/t, inline:{x=OK}}", "/^z$/ OK\n", ["y", "x"], None),
        ("static:OK", "", ["whatever"], "OK"),
    ],
)
def test_a_table_answers(spec, text, keys, answer):
    found = table(spec, text).lookup(keys)
    assert (found and found.value) == answer


@pytest.mark.parametrize(
    ("spec", "text", "key"),
    [
        ("hash:/etc/postfix/t", HASH, "eve@b.example"),
        ("regexp:/etc/postfix/t", REGEXP, "eve@a.example"),
        ("cidr:/etc/postfix/t", "10.0.0.0/8 IN\n", "a.example"),
    ],
)
def test_a_table_has_no_entry(spec, text, key):
    assert table(spec, text).lookup([key]) is None


@pytest.mark.parametrize(
    "spec",
    [
        "hash:/etc/postfix/other",
        "mysql:/etc/postfix/t",
        "fail:t",
        "unionmap:{hash:/etc/postfix/t, mysql:/x}",
        "randmap:{static:OK}",
        "unionmap:{" * 2000,
    ],
)
def test_what_a_table_without_content_says_is_unknown(spec):
    assert table(spec, HASH).lookup(["ann@a.example"]) is UNKNOWN


def test_a_pattern_that_only_the_other_language_understands_is_unknown():
    assert table("pcre:/etc/postfix/t", "/(?<a)/ OK\n").lookup(["a"]) is UNKNOWN


def test_an_entry_tells_its_line_and_key():
    found = table("hash:/etc/postfix/t", HASH).lookup(["a.example"])
    assert (str(found.place), found.key) == ("given/etc/postfix/t:4", "A.Example")


def test_a_pattern_that_never_ends_is_read_at_once():
    assert table("regexp:/etc/postfix/t", "/" + "\\" * 80 + "\n").patterns
