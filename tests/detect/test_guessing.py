"""Who tried passwords, and with which success?"""

from analyzer.detect.guessing import GUESSING


def failures(number, **difference):
    return [
        {"kind": "auth_failed", "auth_user": "ann", "time": f"09:{n % 60:02}"} | difference
        for n in range(number)
    ]


def guessed(evidence, attempts, deliveries=()):
    found = GUESSING.judge(evidence(attempts=attempts, deliveries=deliveries))
    return [] if found.empty else found.to_dict("records")


def test_twenty_failures_are_guessing(evidence):
    (found,) = guessed(evidence, failures(20))
    assert (found["subject"], found["kind"]) == ("203.0.113.7", "attempt")
    assert found["reason"].startswith("20 logins failed, for 1 name")


def test_a_log_that_does_not_name_who_tried_is_said_to_name_nobody(evidence):
    (found,) = guessed(evidence, failures(20, auth_user=None))
    assert found["reason"].startswith("20 logins failed (the log does not say whose); none from")


def test_who_guesses_where_nobody_logs_in_is_told_too(evidence):
    (found,) = guessed(evidence, failures(20), [{}])
    assert found["reason"].endswith("none from here sent mail within an hour after a failure")


def test_a_forgotten_password_is_not(evidence):
    assert guessed(evidence, failures(19)) == []


def test_ten_names_from_one_address_are(evidence):
    spray = [row | {"auth_user": f"user{n}"} for n, row in enumerate(failures(10))]
    assert len(guessed(evidence, spray)) == 1


def test_syslog_repeats_count(evidence):
    assert len(guessed(evidence, failures(1, repeat=25))) == 1


def test_a_login_that_sends_from_there_within_the_hour_is_named(evidence):
    (found,) = guessed(evidence, failures(20), [{"auth_user": "bob", "received": "10:00"}])
    assert found["reason"].endswith("then mail was sent from here as bob")


def test_a_login_that_sent_before_or_hours_later_is_not(evidence):
    sent = [{"auth_user": "bob", "received": time} for time in ("08:00", "11:00")]
    (found,) = guessed(evidence, failures(20), sent)
    assert "none from here sent mail" in found["reason"]


def test_who_sent_before_is_named_as_one_whose_password_may_have_been_changed(evidence):
    (found,) = guessed(evidence, failures(20), [{"auth_user": "bob", "received": "06:00"}])
    assert found["reason"].endswith("sent from here as bob: has its password been changed?")


def test_who_sends_through_a_gateway_where_somebody_guessed_is_not_named(evidence):
    sent = [{"auth_user": "bob", "received": "10:00"}, {"origin_masked": True}]
    (found,) = guessed(evidence, failures(20), sent)
    assert "none from here sent mail" in found["reason"]
