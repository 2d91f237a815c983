"""In which order is a server asked, at which doors, and when is it left alone?

One connection at a time, at most four forms in each, RSET between them, never DATA. The plain form
comes first, at every door; all other forms at the first door that answers it. A server that says
421, breaks the connection more than three times, asks not to be tested or turns out to be a large
provider's is asked nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.probe import forms, guards, judge
from analyzer.probe.dialogue import NO_SERVICE, NO_WAY, Dialogue, Reply, Transcript
from analyzer.probe.forms import Form, Names, literal
from analyzer.probe.manner import BY_HAND, Asked, Door, Manner

A_CONNECTION = 4  # forms; servers count errors
TROUBLES = 3  # connections that may break


def ask(doors: Sequence[Door], names: Names, manner: Manner, transcript: Transcript) -> Asked:
    """Ask every door the plain form, and one door all others.

    Ctrl-C ends it: what was said by then is told, as of a test that is not whole.
    """
    ends = time.monotonic() + manner.longest
    asked = Asked(names, transcript, ends=ends, most=manner.most)
    try:
        _at_all(doors, asked, manner)
    except KeyboardInterrupt:
        asked.stopped = BY_HAND
    return asked


def _at_all(doors: Sequence[Door], asked: Asked, manner: Manner) -> None:
    names = asked.names
    offered: set[tuple[str, int]] = set()
    for door in doors:
        place = (door.address, door.port)
        if door.tls == "starttls" and place not in offered:
            continue
        if _session(door, [forms.plain(names)], asked, manner)[0]:
            offered.add(place)
    main = _main(doors, asked)
    if main is None:
        _once_more(asked, manner)
        main = _main(doors, asked)
    if main is not None:
        asked.names = _as_it_calls_itself(asked)
        _all(main, forms.all_but_plain(asked.names), asked, manner)
        _once_more(asked, manner)


def _main(doors: Sequence[Door], asked: Asked) -> Door | None:
    """The first door that answered the plain form; last, one that wants a login or TLS first."""
    decided = {
        r["door"]: r["code"] == 530
        for r in asked.records
        if r["verdict"] in (*judge.CLOSED, *judge.ACCEPTED)
    }
    answered = [door for door in doors if door.name in decided]
    return min(answered, key=lambda door: decided[door.name], default=None)


def _all(door: Door, wanted: Sequence[Form], asked: Asked, manner: Manner) -> None:
    """Every form, in as many connections as it takes."""
    for group in connections(wanted):
        rest = group
        while rest:
            _, rest = _session(door, rest, asked, manner)


def _as_it_calls_itself(asked: Asked) -> Names:
    """The names with the one of the greeting, where it is a name of a host."""
    said = asked.greeting.split(" ")[0]
    plausible = "." in said and all(c.isalnum() or c in ".-" for c in said) and len(said) < 254
    return replace(asked.names, host=said) if plausible and said.isascii() else asked.names


def connections(wanted: Sequence[Form]) -> Iterable[list[Form]]:
    """What is asked in one connection each: at most four forms, and one name in EHLO."""
    group: list[Form] = []
    for form in wanted:
        alone = form.ehlo is not None or form.login
        if group and (alone or len(group) == A_CONNECTION):
            yield group
            group = []
        group.append(form)
        if alone:
            yield group
            group = []
    if group:
        yield group


def _session(
    door: Door, group: Sequence[Form], asked: Asked, manner: Manner
) -> tuple[bool, list[Form]]:
    """One connection: does the server offer STARTTLS, and which forms did it not come to?"""
    todo = [form for form in group if asked.may_ask(form)]
    asked.left += [form.name for form in group if form not in todo]
    if not todo:
        return False, []
    dialogue = asked.dialogue(door, manner)
    try:
        return _talk(dialogue, door, todo, asked, manner)
    except KeyboardInterrupt:
        dialogue.drop()
        raise


def _talk(
    dialogue: Dialogue, door: Door, todo: list[Form], asked: Asked, manner: Manner
) -> tuple[bool, list[Form]]:
    stage, reply, hello = _enter(dialogue, door, asked, todo[0].ehlo or manner.ehlo)
    if asked.stopped:
        dialogue.close()
        asked.left += [form.name for form in todo]
        return False, []
    if stage == "ready" and todo[0].login and not hello.offers("AUTH"):  # it stands alone
        dialogue.close()
        return False, []
    done = 0
    while done < len(todo) and not reply.trouble and asked.may_ask(todo[done]):
        form = todo[done]
        if done:
            manner.sleep(manner.pace)
        at, reply = _one(dialogue, form, asked) if stage == "ready" else (stage, reply)
        if _sender_hides_it(form, at, reply, door, asked):
            form = replace(form, sender=asked.names.sender)
            manner.sleep(manner.pace)
            at, reply = _one(dialogue, form, asked)
        _note(door, form, at, reply, asked)
        done += 1
    if not done and not asked.stopped:
        _note(door, todo[0], stage, reply, asked)
        done = 1
    dialogue.close()
    if done < len(todo) or reply.trouble not in (NO_SERVICE, NO_WAY):
        manner.sleep(manner.pace)
    return hello.offers("STARTTLS"), todo[done:]


def _sender_hides_it(form: Form, stage: str, reply: Reply, door: Door, asked: Asked) -> bool:
    """Was the sender refused where it is the recipient that tries? Then the plain one may do."""
    return (
        not form.plain
        and form.sender != asked.names.sender
        and judge.judge(form, stage, reply, door.port).why == judge.SENDER
        and asked.may_ask(form)
    )


def _enter(dialogue: Dialogue, door: Door, asked: Asked, ehlo: str) -> tuple[str, Reply, Reply]:
    """Up to the envelope: `ready`, or the stage at which it ended; its reply; that to EHLO."""
    reply = hello = dialogue.open(tls=door.tls == "implicit")
    asked.client = asked.client or dialogue.client
    if reply.code != 220:
        return "connect", reply, hello
    asked.greeting = asked.greeting or reply.text
    asked.stopped = guards.unwelcome(reply.text)
    if asked.stopped:
        return "connect", reply, hello
    ehlo = ehlo or literal(dialogue.client)
    reply = hello = _hello(dialogue, ehlo)
    asked.hello = asked.hello or "".join(hello.lines[:1] if hello.code == 250 else ())
    if reply.code == 250 and door.tls == "starttls":
        reply = dialogue.start_tls()
        if reply.code != 220:
            return "starttls", reply, hello
        reply = hello = _hello(dialogue, ehlo)
    return ("ready" if reply.code == 250 else "ehlo"), reply, hello


def _hello(dialogue: Dialogue, ehlo: str) -> Reply:
    """EHLO, and HELO for a server of before 1995."""
    reply = dialogue.say(f"EHLO {ehlo}")
    return dialogue.say(f"HELO {ehlo}") if reply.code in (500, 502, 504) else reply


def _one(dialogue: Dialogue, form: Form, asked: Asked) -> tuple[str, Reply]:
    """One envelope, without a message."""
    if form.login:
        refused = dialogue.say(f"AUTH PLAIN {_nobody(asked.names.token)}")
        if refused.trouble:
            return "mail", refused
    reply = dialogue.say(f"MAIL FROM:<{form.sender}>")
    if reply.code != 250:
        _reset(dialogue, reply)
        return "mail", reply
    if form.first is not None:
        asked.recipients += 1
        before = dialogue.say(f"RCPT TO:<{form.first}>")
        if before.trouble:
            return "rcpt", before
    asked.recipients += 1
    reply = dialogue.say(f"RCPT TO:<{form.recipient}>")
    _reset(dialogue, reply)
    return "rcpt", reply


def _reset(dialogue: Dialogue, reply: Reply) -> None:
    if not reply.trouble and reply.code != 421:
        dialogue.say("RSET")


def _nobody(token: str) -> str:
    """A login that nobody has; one attempt, no password is guessed."""
    import base64

    return base64.b64encode(f"\0{token}\0{token}".encode()).decode()


def _note(door: Door, form: Form, stage: str, reply: Reply, asked: Asked) -> None:
    verdict = judge.judge(form, stage, reply, door.port)
    asked.records.append(
        {
            "form": form.name,
            "idea": form.idea,
            "plain": form.plain,
            "door": door.name,
            "sender": form.sender,
            "recipient": form.recipient,
            "ehlo": form.ehlo,
            "stage": stage,
            "code": reply.code,
            "reply": reply.text,
            "verdict": verdict.name,
            "why": verdict.why,
        }
    )
    if reply.code == 421:
        asked.stopped = "the server closed the service (421)"
    elif guards.asks_to_stop(reply.text):
        asked.stopped = guards.ASKED_TO_STOP
    elif verdict.name == judge.DEFERRED:
        asked.pending.append((door, form))
    if reply.trouble not in ("", NO_SERVICE, NO_WAY):
        asked.troubles += 1
        if asked.troubles > TROUBLES:
            asked.stopped = "the connection broke more than three times"


def _once_more(asked: Asked, manner: Manner) -> None:
    """Whoever says "later" is believed, once; the later answer counts."""
    again, asked.pending = [p for p in asked.pending if p not in asked.repeated], []
    if not again or manner.wait is None or asked.stopped:
        return
    asked.transcript.note("-", "-", f"asked again after {manner.wait:g} s".encode())
    manner.sleep(manner.wait)
    asked.repeated += again
    for door in dict.fromkeys(door for door, _ in again):
        before = len(asked.records)
        _all(door, [form for at, form in again if at == door], asked, manner)
        told = {(r["door"], r["form"]) for r in asked.records[before:]}
        earlier = [r for r in asked.records[:before] if (r["door"], r["form"]) not in told]
        asked.records = [*earlier, *asked.records[before:]]
