"""Who is local, as this Sendmail has it?"""

from __future__ import annotations

from analyzer.config.entries import Entries
from analyzer.config.given import Said
from analyzer.config.sendmail import Sendmail, has_mask, network_of


def site(sendmail: Sendmail) -> Entries:
    """Class w is local; class R and RELAY entries are relayed to, or networks that may relay."""
    entries = Entries()
    for said in sendmail.named("w", "VirtHost"):
        if network_of(said.value.strip("[]")) is not None:
            entries.add("servers", said, said.value.strip("[]"))
        elif said.value != "localhost":
            entries.add("domains", said)
    if host := sendmail.options.get("confDOMAIN_NAME"):
        entries.add("domains", host)
        entries.add("servers", host)
    for said in sendmail.named("R"):
        _relayed(entries, said, said.value)
    for entry in sendmail.access:
        if entry.value.upper() != "RELAY" or entry.tag == "From":
            continue
        said = Said(entry.key, entry.place)
        if entry.tag == "Connect" and network_of(entry.key) is None:
            entries.notes.append(
                f"{entry.place}: {entry.key} may relay by its name; networks take addresses"
            )
        else:
            _relayed(entries, said, entry.key)
    if entries.values.get("domains") and not entries.values.get("networks"):
        entries.notes.append("Sendmail trusts its own host alone unless class R or access say more")
    return entries


def _relayed(entries: Entries, said: Said, name: str) -> None:
    if has_mask(name):
        entries.notes.append(f"{said.place}: Sendmail reads no masks: {name} is nobody")
        return
    network = network_of(name)
    if network is not None:
        entries.add("networks", said, str(network))
    else:
        entries.add("relay_domains", said, name.lstrip("."))
