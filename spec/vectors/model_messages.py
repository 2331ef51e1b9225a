# SPDX-License-Identifier: BSD-3-Clause
"""A side of a link that has extensions, as messages: there are no rings (extensions.md, 1 and 6).

What a step does is a method do_...; `accounts` are lists of what happened since the last expect, and
`states` functions of what is so now."""
from decode_extensions import (ACK, BOUND, CONTROL_ADDR, CREDITS, BULK, check_header, records)
from decode_messages import header, rpmsg_ns
from wire import Refused, number, octets

NS_ADDR, NOWHERE = 53, 0xFFFFFFFF


def words(*values):
    return b"".join(value.to_bytes(4, "little") for value in values)


class Peer:
    """Endpoints, services, and control records that wait for a buffer."""

    def __init__(self, setup, taken):
        self.taken = number(setup.get("taken", taken))
        self.endpoints = {number(each) for each in setup.get("endpoints", [1024])}
        self.accounts = {"sent": [], "received": []}
        self.states = {"held": lambda: len(self.kept)}
        self.called = {}
        self.room, self.to_keep, self.kept, self.waiting, self.state = None, 0, [], [], "down"
        self.do_up(True)

    # Steps.

    def do_up(self, _value):
        self.state = "up"

    def do_down(self, _value):
        self.state, self.kept, self.waiting = "down", [], []

    def do_room(self, count):
        """So many messages can be sent from now on; None is no limit."""
        self.room = count
        self.flush()

    def do_send(self, value):
        return self.send(number(value["from"]), number(value["to"]), octets(value["data"]))

    def do_open(self, address):
        if number(address) in self.endpoints or self.reserved(number(address)):
            return "taken"
        self.endpoints.add(number(address))
        return "ok"

    def do_close(self, address):
        self.endpoints.remove(number(address))

    def do_hold(self, count):
        self.to_keep = count

    def do_release(self, count):
        """The application gives the `count` oldest buffers back."""
        for key in self.kept[:count]:
            self.given_back(key)
        del self.kept[:count]

    def do_come(self, data):
        data = octets(data)
        try:
            head = header(data, len(data), 512)
            payload = data[16:16 + head["len"]]
            references = check_header(head, payload, self.taken)
        except Refused:
            return
        if head["dst"] == NS_ADDR:
            self.heard(payload)
        elif self.reserved(head["dst"]):
            self.control(head, payload, references)
        else:
            self.message(head, int.from_bytes(data[8:12], "little"), payload, references)

    # What comes.

    def reserved(self, address):
        return address == CONTROL_ADDR and self.taken & (CREDITS | BULK | ACK) != 0

    def heard(self, payload):
        try:
            self.service(rpmsg_ns(payload, {}))
        except Refused:
            pass

    def service(self, _ns):
        """The name service is none of this side's affairs."""

    def control(self, head, payload, references):
        if head["src"] != CONTROL_ADDR or references:
            return
        try:
            for record in list(records(payload, self.taken)):
                self.record(record)
        except Refused:
            pass

    def record(self, _record):
        """The extensions have theirs."""

    def message(self, head, _number, payload, _references):
        if head["dst"] in self.endpoints:
            self.deliver(head, payload, head["src"])

    def deliver(self, head, payload, key):
        self.accounts["received"].append([head["src"], head["dst"], payload])
        if self.to_keep > 0:
            self.to_keep -= 1
            self.kept.append(key)
            return True
        return False

    def given_back(self, _key):
        """A buffer that was held is free."""

    # What goes.

    def put(self, src, dst, payload, reserved=0, flags=0):
        """Whether there was a buffer for it."""
        if self.room == 0:
            return False
        if self.room is not None:
            self.room -= 1
        size = len(payload).to_bytes(2, "little") + flags.to_bytes(2, "little")
        self.accounts["sent"].append(words(src, dst, reserved) + size + payload)
        return True

    def send(self, src, dst, payload):
        if self.state != "up":
            return "down"
        return "ok" if self.put(src, dst, payload) else "no buffer"

    def tell(self, *record):
        """Sends a control record, as soon as there is a buffer (EXT-6)."""
        self.waiting.append(record)
        self.flush()

    def flush(self):
        while self.waiting and self.put(CONTROL_ADDR, CONTROL_ADDR, words(*self.waiting[0])):
            self.waiting.pop(0)


class Announcer(Peer):
    """A side with acknowledgement: it announces services, and listens to the other side's (6)."""

    def __init__(self, setup):
        self.services, self.bound, self.listeners, self.peers = [], {}, [], []
        self.most = setup.get("listeners", 4)
        super().__init__(setup, ACK | 1)
        self.accounts["told"] = []
        self.states["listeners"] = lambda: {str(at): sorted(who) for at, who in self.bound.items()}

    def do_down(self, value):
        super().do_down(value)
        self.peers = []
        self.bound = {address: [] for address in self.bound}

    def do_up(self, value):
        super().do_up(value)
        for name, address in self.services:
            self.announce(name, address, 0)

    def do_announce(self, service):
        name, address = service[0], number(service[1])
        self.services.append((name, address))
        self.bound[address] = []
        self.endpoints.add(address)
        return self.announce(name, address, 0)

    def do_withdraw(self, address):
        name = next(name for name, at in self.services if at == number(address))
        self.services.remove((name, number(address)))
        del self.bound[number(address)]
        return self.announce(name, number(address), 1)

    def announce(self, name, address, flags):
        payload = name.encode("ascii").ljust(32, b"\0") + words(address, flags)
        return self.send(address, NS_ADDR, payload)

    def do_listen(self, value):
        """An endpoint listens to all services of a name."""
        name, endpoint = value["to"], number(value["at"])
        self.listeners.append((name, endpoint))
        self.endpoints.add(endpoint)
        for service in self.peers:
            if service[0] == name:
                self.say(endpoint, service[1], 1)

    def do_leave(self, endpoint):
        """It is closed, or leaves the service."""
        endpoint = number(endpoint)
        gone = [each for each in self.listeners if each[1] == endpoint]
        self.listeners = [each for each in self.listeners if each not in gone]
        for name, address in self.peers:
            if (name, endpoint) in gone:
                self.say(endpoint, address, 0)

    def service(self, ns):
        service = (ns["name"], ns["addr"])
        if not ns["create"]:
            self.peers = [each for each in self.peers if each != service]
            self.waiting = [each for each in self.waiting if each[2] != ns["addr"]]
            return
        if service not in self.peers:
            self.peers.append(service)
        for name, endpoint in self.listeners:
            if name == ns["name"]:
                self.say(endpoint, ns["addr"], 1)

    def say(self, endpoint, address, value):
        if self.taken & ACK and self.state == "up":
            self.tell(BOUND, endpoint, address, value)

    def record(self, record):
        """Takes a BOUND that makes sense (ACK-4)."""
        if record["kind"] != BOUND:
            return
        known = self.bound.get(record["peer"])
        endpoint, value = record["endpoint"], record["value"]
        if known is None or value > 1 or endpoint == NOWHERE or (endpoint in known) == value:
            return
        if not value:
            known.remove(endpoint)
        elif len(known) < self.most:
            known.append(endpoint)
        else:
            return
        self.accounts["told"].append([record["peer"], endpoint, value == 1])
