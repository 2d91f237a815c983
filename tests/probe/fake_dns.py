"""A DNS server on loopback that answers as a test says.

with FakeDns({"2.0.0.127.list.example": ["127.0.0.2"]}) as server: ...

A list of addresses and texts is an answer; REFUSED and SERVFAIL are said; SILENT says nothing.
What is not named is NXDOMAIN.
"""

from __future__ import annotations

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

REFUSED, SERVFAIL, SILENT = "refused", "servfail", "silent"


class FakeDns:
    def __init__(self, names, address="127.0.0.1"):
        self._names = names
        self.asked: list[tuple[str, str]] = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.settimeout(0.1)
        shown = f"[{address}]" if ":" in address else address
        self.place = f"{shown}:{self._socket.getsockname()[1]}"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._thread.join(5)
        self._socket.close()

    def _serve(self):
        while not self._closing.is_set():
            try:
                data, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            reply = self._reply(dns.message.from_wire(data))
            if reply is not None:
                self._socket.sendto(reply.to_wire(), client)

    def _reply(self, query):
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        kind = "TXT" if question.rdtype == dns.rdatatype.TXT else "A"
        self.asked.append((name, kind))
        said = self._names.get(name)
        if said == SILENT:
            return None
        reply = dns.message.make_response(query)
        if said in (REFUSED, SERVFAIL):
            reply.set_rcode(dns.rcode.from_text(said))
        elif said is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        else:
            is_text = kind == "TXT"
            fitting = [v for v in said if is_text != v.replace(".", "").isdigit()]
            values = [f'"{v}"' if is_text else v for v in fitting]
            if values:
                reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *values))
        return reply
