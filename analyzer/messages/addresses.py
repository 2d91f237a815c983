"""Whose address is it? Domains of envelope addresses, and routes hidden in local parts."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.rows import Int64
from analyzer.site import Network, domain_key

BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"^(?:{BYTE}\.){{3}}{BYTE}$"  # as RFC 5952 has it: nothing to be made canonical
# No route, and no second @: only the domain tells where it ends.
PLAIN = "^[^@%!]+(?P<domain>@[^@:]+)$"


def per_value(
    values: pd.Series[str],
    function: Callable[[str], Any],
    alike: Callable[[pa.Array], pa.Array] | None = None,
    dtype: pd.CategoricalDtype | None = None,
) -> pd.Series[Any]:
    """The function applied once to each distinct value; null stays null.

    Args:
        alike: What distinct texts with the same answer have in common; only one of them is asked.
        dtype: Of the answers.
    """
    asked, codes = distinct(values, alike)
    if not len(asked):
        return values.astype(dtype or object)  # or pandas would make numbers of no text
    answers = pd.Series([function(value) for value in asked], dtype=dtype)
    return pd.Series(_taken(answers, codes), values.index, name=values.name)


def distinct(
    values: pd.Series[str], alike: Callable[[pa.Array], pa.Array] | None = None
) -> tuple[list[str], Int64]:
    """The values that differ, one of those that are *alike*, and the number of each value's."""
    codes, texts = pd.factorize(values)
    if alike is None or not len(texts):
        return list(texts), codes
    text = pa.array(texts, pa.string())
    kinds = alike(text).dictionary_encode().indices.to_numpy()
    first = np.empty(kinds.max() + 1, np.int64)
    first[kinds[::-1]] = np.arange(len(kinds))[::-1]
    return text.take(pa.array(first)).to_pylist(), np.where(codes >= 0, kinds[codes], -1)


def among(
    values: pd.Series[str], others: pd.Series[str] | pd.Index | pa.Array
) -> npt.NDArray[np.bool_]:
    """Which values are among many others, null never: `isin` would ask in a Python loop."""
    texts = (pa.array(series, pa.string()) for series in (values, others))
    found: npt.NDArray[np.bool_] = pc.is_in(*texts, skip_nulls=True).to_numpy(zero_copy_only=False)
    return found


def of_each(answers: pd.Series[Any], codes: Int64, index: pd.Index) -> pd.Series[Any]:
    """The answers at the codes that `factorize` gave, null for -1."""
    if not len(answers):
        return pd.Series(None, index, "object")
    return pd.Series(_taken(answers, codes), index)


def _taken(answers: pd.Series[Any], codes: Int64) -> Any:
    unknown = codes < 0
    if not unknown.any():
        return answers.array.take(codes)
    if answers.dtype == bool:
        answers = answers.astype(object)
    return answers.array.take(codes, allow_fill=True)


def by_domain(addresses: pa.Array) -> pa.Array:
    """What tells where mail to an address ends: the domain, of plain addresses."""
    return pc.coalesce(pc.struct_field(pc.extract_regex(addresses, PLAIN), "domain"), addresses)


def by_network(networks: Iterable[Network]) -> Callable[[pa.Array], pa.Array]:
    """Addresses between the same borders of networks are alike; what is no IPv4 is asked alone."""
    of_v4 = [network for network in networks if network.version == 4]
    begins = [int(network.network_address) for network in of_v4]
    borders = np.unique([*begins, *(int(n.broadcast_address) + 1 for n in of_v4)]).astype(np.int64)

    def alike(addresses: pa.Array) -> pa.Array:
        plain = pc.match_substring_regex(addresses, IPV4)
        between = np.searchsorted(borders, _numbers(addresses.filter(plain)), "right")
        names = pc.binary_join_element_wise("between", pa.array(between).cast(pa.string()), " ")
        return pc.replace_with_mask(addresses, plain, names)

    return alike


def _numbers(addresses: pa.Array) -> Int64:
    """IPv4 addresses as numbers."""
    four = pc.split_pattern(addresses, ".").flatten().cast(pa.int64()).to_numpy()
    numbers: Int64 = four.reshape(-1, 4) @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
    return numbers


def canonical_ips(values: pd.Series[str]) -> pd.Series[Any]:
    """`canonical_ip` of each value."""
    codes, texts = pd.factorize(values)
    if not len(texts):
        return values.astype(object)
    text = pa.array(texts, pa.string())
    odd = pc.invert(pc.match_substring_regex(text, IPV4))
    other = pa.array([canonical_ip(ip) for ip in text.filter(odd).to_pylist()], pa.string())
    found = pc.replace_with_mask(text, odd, other).to_pandas()
    return pd.Series(_taken(found, codes), values.index, name=values.name)


def canonical_or_logged(values: pd.Series[str]) -> pd.Series[Any]:
    """The same; what is no address stays as it is."""
    found = canonical_ips(values)
    return found.where(found.notna(), values)


def domain(address: str) -> str:
    """The part after the last @ that is not in a quoted local part; empty without one."""
    return domain_key(address.rpartition("@")[2]) if "@" in address else ""


def each_domain(addresses: pd.Series[str]) -> pd.Series[Any]:
    """`domain` of each address."""
    return per_value(addresses, domain, by_domain)


def routed_domain(address: str) -> str:
    """Where a percent, bang or source route in the local part leads; empty without a route.

    `b%outside@ours`, `outside!b@ours`, `b@outside@ours`, `@ours:b@outside`: the oldest relay
    tricks.
    """
    local = address.rpartition("@")[0].strip('"')
    if address.startswith("@") and ":" in address:
        return domain(address.partition(":")[2])
    for mark in ("@", "%"):
        if mark in local:
            return domain_key(local.rpartition(mark)[2])
    return domain_key(local.partition("!")[0]) if "!" in local else ""


def literal(domain_: str) -> str:
    """The address in a domain literal `[192.0.2.1]`; empty for another domain."""
    bracketed = domain_.startswith("[") and domain_.endswith("]")
    return domain_[1:-1].lower().removeprefix("ipv6:") if bracketed else ""


def canonical_ip(text: str) -> str | None:
    """RFC 5952 form without prefix; None where it is no address (`unknown`)."""
    try:
        address = ipaddress.ip_address(text.strip("[]").removeprefix("IPv6:").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def within(networks: Iterable[Network], text: str) -> bool:
    address = ipaddress.ip_address(text)
    return any(address.version == network.version and address in network for network in networks)
