"""The list of what to do speaks the language of the server that was abused."""

import pytest

from analyzer.report import repairs

DOORS = ("open_relay", "trusted_host", "gateway", "local_injection", "backscatter", "queue")


@pytest.mark.parametrize("mta", repairs.REPAIRS)
@pytest.mark.parametrize("door", DOORS)
def test_every_server_has_steps_for_every_door(mta, door):
    assert repairs.of(mta, door)


@pytest.mark.parametrize("mta", ["sendmail", "exchange"])
def test_no_postfix_setting_is_told_to_another_server(mta):
    told = str(repairs.REPAIRS[mta])
    assert not [word for word in ("postconf", "postsuper", "main.cf", "mynetworks") if word in told]


def test_words_in_braces_stand_for_what_the_case_holds():
    (first, second) = repairs.of("exchange", "open_relay", addresses="192.0.2.7")
    assert "192.0.2.7" in second["text"]
    assert "{addresses}" not in str(first) + str(second["text"])
