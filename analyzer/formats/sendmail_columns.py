"""What do the fields of a Sendmail line mean? Captured text becomes columns of EVENTS."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.shapes import captures, rows_with

NONE = pa.scalar(None, pa.string())
DISCARDED = "discarded"  # all that is said of a message that a milter threw away
STAGES = {
    "check_relay": "CONNECT",
    "check_mail": "MAIL",
    "check_rcpt": "RCPT",
    "check_data": "DATA",
    "data": "DATA",
    **dict.fromkeys(
        ("header", "body", "unknown", "check_eoh", "check_eom", "eoh", "eom", DISCARDED),
        "END-OF-MESSAGE",
    ),
}
# One recipient of a list: a quoted local part may hold a comma.
ENVELOPE = (
    r"^(?P<recipient>.*?)(?:,? \[more\])?"
    r"(?:, ctladdr=.*?(?: \((?P<uid>[0-9]{1,10})/[0-9]{1,10}\))?)?$"
)
# What ends a recipient, within what was read as the outcome: he may hold a comment, unquoted.
ENDS_AGAIN = r">, delay=[0-9:+]{8,15}, (?:.*, )?stat="
RECIPIENT = r'(?:"(?:[^"\\]|\\.)*"|[^",])+'


def complete(kind: str, table: pa.Table) -> pa.Table:
    """What a shape read, as columns of EVENTS; helper columns go."""
    if kind in COMPLETIONS:
        table = COMPLETIONS[kind](table)
    if "client_ip" in table.column_names:
        table = _set(table, "client_ip", _without_family(table["client_ip"]))
    return table


def _set(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    if name not in table.column_names:
        return table.append_column(name, values)
    return table.set_column(table.column_names.index(name), name, values)


def _text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A captured column; null throughout where the shape has no such capture."""
    if name in table.column_names:
        return table[name]
    return pa.chunked_array([pa.nulls(len(table), pa.string())])


def _without_family(ip: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(ip, "^IPv6:", "")


def _is(values: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(values, pattern), False)


def _starts(values: pa.ChunkedArray, word: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.starts_with(values, word), False)


def _within(values: pa.ChunkedArray, opening: str, closing: str) -> pa.ChunkedArray:
    """The text between two words that enclose the whole value; another value as it is."""
    enclosed = pc.and_(pc.starts_with(values, opening), pc.ends_with(values, closing))
    inner = pc.utf8_slice_codeunits(values, len(opening), -len(closing) if closing else None)
    return pc.if_else(enclosed, inner, values)


def _address(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return _within(values, "<", ">")


def _received(table: pa.Table) -> pa.Table:
    """What has no client's address was handed in on this machine, or made by Sendmail itself."""
    sender, ip, name = table["sender"], _text(table, "client_ip"), _text(table, "client_name")
    made_here = _is(ip, "^RESPONSE$")
    on_this_machine = pc.is_null(ip)  # relay=www-data@localhost
    submission = pc.if_else(made_here, "internal", pc.if_else(on_this_machine, "local", "smtp"))
    ident = _text(table, "ident")
    from_peer = pc.invert(pc.or_(made_here, on_this_machine))
    changed = {
        "bare": pc.invert(_starts(sender, "<")),
        "sender": _address(sender),
        "message_id": _address(_text(table, "message_id")),
        "submission": submission,
        "local_user": pc.if_else(on_this_machine, ident, NONE),
        "client_ip": pc.if_else(from_peer, ip, NONE),
        "client_name": pc.if_else(from_peer, pc.coalesce(name, pa.scalar("unknown")), NONE),
    }
    return _with(table, changed, {"ident"})


def _delivery(table: pa.Table) -> pa.Table:
    """One row for each recipient that the line names, in its order.

    The outcome is told by what stat= begins with; where the far end's words stand in front of it
    (reply=; 8.16 may leave them over from an earlier server), only dsn= can make it `sent`.
    """
    table = _split_envelope(table)
    table = _set(table, "recipient", pc.fill_null(table["recipient"], ""))  # `to=, delay=`
    said, dsn = _text(table, "said"), _text(table, "dsn")
    stat = pc.coalesce(_text(table, "stat"), pa.scalar(""))
    by_code = pc.and_(pc.is_valid(said), pc.is_valid(dsn))
    agreed = pc.if_else(by_code, _starts(dsn, "2."), pc.is_null(said))
    sent = pc.and_(pc.or_(pc.equal(stat, "Sent"), _starts(stat, "Sent (")), agreed)
    later = pc.if_else(
        by_code, _is(dsn, "^4"), pc.or_(_starts(stat, "Deferred"), _starts(stat, "queued"))
    )
    # Without a mailer nothing was tried: the message was refused after DATA, by a milter or check.
    untried = pc.is_null(_text(table, "mailer"))
    unsent = pc.if_else(pc.equal(stat, DISCARDED), "dropped", "refused")
    failure = pc.if_else(later, "deferred", pc.if_else(untried, unsent, "bounced"))
    held = pc.or_(pc.is_valid(_text(table, "held")), _starts(stat, "quarantined"))
    inner = _within(_within(stat, "Sent (", ")"), "Deferred: ", "")
    changed = {
        "status": pc.if_else(held, "quarantined", pc.if_else(sent, "sent", failure)),
        "reply": pc.coalesce(said, inner),
        "delay": _seconds(_text(table, "age")),
    }
    if rows_with(b">, delay=", stat.combine_chunks()).size:
        again = _is(stat, ENDS_AGAIN)
        changed["two_readings"] = pc.if_else(again, True, pa.scalar(None, pa.bool_()))
    whole = _with(table, changed, {"said", "stat", "age", "held"})
    each = _one_row_each(whole, "recipient")
    return _with(
        each,
        {
            "expanded": pc.invert(_starts(each["recipient"], "<")),
            "recipient": _address(each["recipient"]),
        },
    )


def _split_envelope(table: pa.Table) -> pa.Table:
    """Recipients and what follows them up to the delay, which the fast way leaves together."""
    if "envelope" not in table.column_names:
        return table
    envelope = table["envelope"]
    more = pc.fill_null(pc.match_substring(envelope, " "), False)  # [more], or a controlling user
    longer = captures(pc.if_else(more, envelope, NONE).combine_chunks(), ENVELOPE)
    recipient = pc.coalesce(pc.struct_field(longer, ["recipient"]), envelope)
    user = pc.struct_field(longer, ["uid"])
    uid = pc.if_else(pc.equal(user, ""), NONE, user).cast(pa.int64())
    changed = {
        "recipient": pc.coalesce(_text(table, "recipient"), recipient),
        "uid": pc.coalesce(table["uid"], uid) if "uid" in table.column_names else uid,
    }
    return _with(table, changed, {"envelope"})


def _seconds(age: pa.ChunkedArray) -> pa.ChunkedArray:
    """`1+02:10:33` as seconds (convtime.c)."""
    distinct = age.combine_chunks().dictionary_encode()
    found = pc.extract_regex(
        distinct.dictionary,
        r"^(?:(?P<d>[0-9]{1,4})\+)?(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})$",
    )
    parts = [pc.struct_field(found, [name]) for name in "dhms"]
    days, hours, minutes, seconds = (
        pc.if_else(pc.equal(part, ""), "0", part).cast(pa.float64()) for part in parts
    )
    hours = pc.add(pc.multiply(days, 24.0), hours)
    total = pc.add(pc.multiply(pc.add(pc.multiply(hours, 60.0), minutes), 60.0), seconds)
    return pa.chunked_array([total.take(distinct.indices)])


def _one_row_each(table: pa.Table, column: str) -> pa.Table:
    """A list that the line writes with commas, as one row for each member, at the same place."""
    listed = table[column].combine_chunks()
    if not pc.any(pc.match_substring(listed, ",")).as_py():
        return table
    quoted = pc.fill_null(pc.match_substring(listed, '"'), False).to_numpy(zero_copy_only=False)
    parts = pc.split_pattern(listed.filter(pa.array(~quoted)), ",")
    if quoted.any():
        whole = listed.filter(pa.array(quoted)).to_pandas()
        careful = pa.array(whole.str.findall(RECIPIENT).tolist(), parts.type)
        order = np.argsort(np.concatenate([np.flatnonzero(~quoted), np.flatnonzero(quoted)]))
        parts = pa.concat_arrays([parts, careful]).take(pa.array(order))
    # Without the list itself: repeated for each member it would grow with their square.
    rows = table.drop_columns([column]).take(pc.list_parent_indices(parts))
    members = pc.utf8_trim_whitespace(pc.list_flatten(parts))
    return _set(rows, column, pa.chunked_array([members]))


def _decision(table: pa.Table) -> pa.Table:
    """Which command was refused, and the address it named.

    The stranger's address stands before `relay=`; where it holds such a field itself, the line does
    not tell the client, and the message's own `from=` line has to.
    """
    rule, arg1 = _text(table, "stage"), _text(table, "arg1")
    stage = rule
    for name, smtp in STAGES.items():
        stage = pc.if_else(pc.fill_null(pc.equal(rule, name), False), smtp, stage)
    recipient, sender = _text(table, "recipient"), _text(table, "sender")
    stage = pc.coalesce(
        stage,
        pc.if_else(pc.is_valid(recipient), "RCPT", NONE),
        pc.if_else(pc.is_valid(sender), "MAIL", NONE),
        pc.if_else(pc.is_valid(_text(table, "helo")), "HELO", "CONNECT"),
    )
    at_rcpt, at_mail, at_connect = (
        pc.fill_null(pc.equal(rule, f"check_{name}"), False) for name in ("rcpt", "mail", "relay")
    )
    reply = _text(table, "reply")
    forged = pc.or_(_is(reply, ", relay="), _is(arg1, ", relay="))
    ip, name = _text(table, "client_ip"), _text(table, "client_name")
    at_once = pc.and_(at_connect, pc.is_null(ip))
    thrown_away = pc.fill_null(pc.equal(rule, DISCARDED), False)
    discarded = pc.or_(pc.is_valid(_text(table, "discard")), thrown_away)
    changed = {
        "stage": stage,
        "action": pc.if_else(
            discarded, "discard", pc.coalesce(_text(table, "action"), pa.scalar("reject"))
        ),
        "recipient": _address(pc.if_else(at_rcpt, arg1, recipient)),
        "sender": _address(pc.if_else(at_mail, arg1, sender)),
        "client_ip": pc.if_else(forged, NONE, pc.if_else(at_once, _text(table, "arg2"), ip)),
        "client_name": pc.if_else(forged, NONE, pc.if_else(at_once, arg1, name)),
    }
    return _with(table, changed, {"arg1", "arg2", "ident", "discard"})


def _failed_login(table: pa.Table) -> pa.Table:
    return _with(table, {}, {"ident"})


def _lost(table: pa.Table) -> pa.Table:
    """Where a dialogue broke off; `collect` reads the message itself."""
    while_sent = pc.is_null(_text(table, "stage"))
    return _with(
        table, {"stage": pc.if_else(while_sent, "DATA", pc.utf8_upper(_text(table, "stage")))}
    )


def _clone(table: pa.Table) -> pa.Table:
    listed = pc.replace_substring(table["new_queue_id"], ";", ",")
    return _one_row_each(_with(table, {"new_queue_id": listed}), "new_queue_id")


def _expansion(table: pa.Table) -> pa.Table:
    each = _one_row_each(table, "recipient")
    addresses = {name: _address(each[name]) for name in ("recipient", "orig_recipient")}
    return _with(each, addresses)


def _set_sender(table: pa.Table) -> pa.Table:
    return _with(table, {"sender": _address(table["sender"])})


def _changed_by_a_filter(table: pa.Table) -> pa.Table:
    return _with(table, {"recipient": _address(table["recipient"])})


def _server(table: pa.Table) -> pa.Table:
    """The words that every mail server's starts have in common."""
    action = pc.replace_substring_regex(
        table["action"], "^(?:starting daemon|restarting)$", "daemon started"
    )
    return _with(table, {"action": action})


def _with(
    table: pa.Table, columns: dict[str, pa.ChunkedArray], without: set[str] | None = None
) -> pa.Table:
    for name, values in columns.items():
        table = _set(table, name, values)
    return table.drop_columns([name for name in without or () if name in table.column_names])


COMPLETIONS = {
    "received": _received,
    "delivery": _delivery,
    "decision": _decision,
    "content_action": _changed_by_a_filter,
    "auth_failed": _failed_login,
    "lost": _lost,
    "clone": _clone,
    "expansion": _expansion,
    "set_sender": _set_sender,
    "server": _server,
}
