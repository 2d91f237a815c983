"""How is each door told? By its name, in a title, in a sentence, to a blocklist, as an alarm."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analyzer.display import display


@dataclass(frozen=True)
class Door:
    """The words for one mechanism."""

    name: str  # in a table
    answer: str  # to "Which door?"
    title: str  # before the server's name
    deed: str  # what the server did
    besides: str  # the same in short, where another door is the main one; empty: told elsewhere
    cause: str  # for a blocklist
    incident: str  # before those whom it is about
    alarm: str  # on a terminal


# The last two are the main door only where they stand alone.
DOORS = {
    "open_relay": Door(
        name="Open relay",
        answer="an open relay: strangers sent to strangers without a login",
        title="Relay abuse of",
        deed="accepted {messages} from {addresses} outside, without a login, for {elsewhere} "
        "elsewhere",
        besides="it relayed {messages} for strangers",
        cause="an open relay: the server accepted mail from outside addresses, without a login, "
        "for recipients elsewhere",
        incident="mail relayed for",
        alarm="stranger's mail accepted",
    ),
    "stolen_account": Door(
        name="Stolen login",
        answer="a stolen login",
        title="Stolen login on",
        deed="accepted {messages} for {recipients} through {accounts}, used by somebody else from "
        "{addresses}",
        besides="{messages} came through {logins}",
        cause="a login was used by somebody else",
        incident="misuse of the login",
        alarm="login used by somebody else",
    ),
    "trusted_host": Door(
        name="Misused trusted host",
        answer="a trusted host or gateway that was misused",
        title="Misused host trusted by",
        deed="accepted {messages} for {recipients} from {addresses} inside its trusted networks, "
        "made to send",
        besides="{messages} came from misused hosts of its own networks",
        cause="a host that may send without a login was made to send",
        incident="somebody misused the trusted host or gateway",
        alarm="trusted host abused",
    ),
    "local_injection": Door(
        name="Script or user on the server",
        answer="a script or user on the server itself",
        title="Misused script or user of",
        deed="sent {messages} to {recipients} that a script or user on the server itself had "
        "injected",
        besides="a script or user on the server itself sent {messages}",
        cause="a script or user on the server injected mail",
        incident="a script or user on the server sent, as",
        alarm="abuse made on this server",
    ),
    "backscatter": Door(
        name="Notices to strangers",
        answer="notices to strangers (backscatter)",
        title="Backscatter from",
        deed="sent notices to strangers about mail that it had taken and could not deliver: "
        "{messages} for {recipients}",
        besides="it sent {messages} as notices to strangers, about other mail",
        cause="the server sent notices to senders whose addresses were forged",
        incident="notices to strangers by",
        alarm="notices to strangers",
    ),
    # Abuse of nobody's if the domains are partners': the one door that an answer may close.
    "backup_mx": Door(
        name="Relay domains by the log alone",
        answer="mail for domains that only the log calls relay domains, which `relay_domains` in "
        "site.toml would settle",
        title="Relay abuse of",
        deed="carried {messages} of strangers for {recipients} at domains that only the log calls "
        "its relay domains",
        besides="it carried {messages} to domains that only the log calls relay domains",
        cause="the server relays for domains that may not be its partners'",
        incident="mail for relay domains by the log alone, from",
        alarm="mail for domains that may not be relay domains",
    ),
}
# A trusted host that is nobody's machine: whoever is behind it has its address in the log.
GATEWAY = Door(
    name="Misused trusted gateway",
    answer="a trusted gateway, which hides who sent",
    title="Abuse through a gateway trusted by",
    deed="accepted {messages} for {recipients} through a gateway ({addresses}) that it trusts "
    "and that hides who sent them",
    besides="{messages} came through a trusted gateway that hides who sent them",
    cause="mail of others came through a gateway that may send without a login",
    incident="somebody sent through the trusted gateway",
    alarm="mail through a trusted gateway abused",
)
# Mail of strangers where the log names no login at all: some of it may be of a login.
UNNAMED = replace(
    DOORS["open_relay"],
    answer="an open relay, or a login that the log does not name, as it names none",
    deed="accepted {messages} from {addresses} outside, with no login in the log, which names none "
    "at all, for {elsewhere} elsewhere",
    cause="an open relay, or logins that our log does not name: the server accepted mail from "
    "outside addresses for recipients elsewhere",
)
# A login used from its own desk alone: a stranger cannot have such an address.
OWN_MACHINE = replace(
    DOORS["stolen_account"],
    name="Misused login",
    answer="a login of ours, from its own machine",
    title="Misused login on",
    deed="accepted {messages} for {recipients} through {accounts}, used by its owner or from an "
    "infected machine, from {addresses}",
    besides="{messages} came through a login from its own machine",
    cause="a login was misused from its own machine",
)
UNCLEAR = Door(
    name="Not clear",
    answer="not clear",
    title="Relay abuse of",
    deed="carried {messages} for {recipients} that may have been relayed for strangers",
    besides="",
    cause="mail was sent through the server by others",
    incident="unclear",
    alarm="mail that may be abuse",
)


def door(
    mechanism: str, *, gateway: bool = False, unnamed: bool = False, own_machine: bool = False
) -> Door:
    """The words for a mechanism; one that no version knew yet is told by its own name.

    *gateway*: each trusted host of it is one. *unnamed*: the log names no login at all.
    *own_machine*: the logins were used from private addresses, from each by it alone.
    """
    if mechanism == "unclear":
        return UNCLEAR
    if mechanism == "trusted_host" and gateway:
        return GATEWAY
    if mechanism == "open_relay" and unnamed:
        return UNNAMED
    if mechanism == "stolen_account" and own_machine:
        return OWN_MACHINE
    named = display(mechanism, 40)
    return DOORS.get(mechanism) or replace(UNCLEAR, name=named, answer=named, incident=named)
