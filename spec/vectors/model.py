# SPDX-License-Identifier: BSD-3-Clause
"""What the device and the driver of the sequences have in common: the shared memory, one side's
queues, endpoints and services (base.md, 3 to 7)."""
import struct

from decode_messages import header, rpmsg_ns
from decode_rings import wants_bell
from wire import Refused

DA, PA = 0x10000000, 0x480000000
STATUS, GFEATURES = 0x18, 0x10
RINGS = (0x100, 0x200)
BUFFERS, ROOM = (0x400, 0xC00), 0x800
NUM, ALIGN, SIZE = 4, 16, 512
NS, SIZES, INDIRECT, EVENT_IDX = 1, 1 << 16, 1 << 28, 1 << 29
NS_ADDR, NOWHERE, ROOM_FOR_SERVICES = 53, 0xFFFFFFFF, 4


U16, U32 = struct.Struct("<H"), struct.Struct("<I")


def vring(queue):
    """Offset of a queue's part of the vdev entry: da, align, num, notifyid, pa."""
    return 0x1C + 20 * queue


class Memory(bytearray):
    """The shared memory, and the doorbells of the subject's."""

    def __init__(self):
        super().__init__(0x1400)
        self.on_bell = lambda number: None

    def u16(self, at):
        return U16.unpack_from(self, at)[0]

    def u32(self, at):
        return U32.unpack_from(self, at)[0]

    def set16(self, at, value):
        U16.pack_into(self, at, value % 65536)

    def set32(self, at, value):
        U32.pack_into(self, at, value)


class Queue:
    """One side of a ring: `own` and `peer` are the offsets of the two parts that change."""

    def __init__(self, memory, queue, driver, event_idx):
        base = RINGS[queue]
        self.memory, self.base, self.event_idx = memory, base, event_idx
        self.avail, self.used = base + 0x40, base + 0x50
        used_event, avail_event = self.avail + 4 + 2 * NUM, self.used + 4 + 8 * NUM
        self.own, self.peer = (self.avail, self.used) if driver else (self.used, self.avail)
        self.own_event, self.peer_event = ((used_event, avail_event) if driver
                                           else (avail_event, used_event))
        self.bell = memory.u32(vring(queue) + 12)
        self.put_count = self.shown = self.taken = 0
        self.asked = False

    def waiting(self, limit, rule):
        """How many elements of the other side's wait. More than `limit` cannot be (RING-12, -15)."""
        ahead = (self.memory.u16(self.peer + 2) - self.taken) % 65536
        if ahead > limit:
            raise Refused(rule, f"idx is {ahead} ahead")
        return ahead

    def place(self):
        """The place of one more element of this side's in its ring."""
        self.put_count += 1
        return (self.put_count - 1) % NUM

    def show(self):
        """Shows the other side all elements; rings if it wants that (RING-18, RING-19)."""
        old, self.shown = self.shown % 65536, self.put_count
        self.memory.set16(self.own + 2, self.shown)
        event = self.memory.u16(self.peer_event) if self.event_idx else None
        if wants_bell(old, self.shown % 65536, self.memory.u16(self.peer), event):
            self.memory.on_bell(self.bell)

    def quiet(self):
        """Asks for no doorbells (MSG-15)."""
        self.asked = False
        if self.event_idx:
            self.memory.set16(self.own_event, self.taken - 1)
        else:
            self.memory.set16(self.own, 1)

    def ask(self):
        """Drained: asks for a doorbell (RING-21)."""
        self.asked = True
        if self.event_idx:
            self.memory.set16(self.own_event, self.taken)
        else:
            self.memory.set16(self.own, 0)


class Side:
    """Endpoints, services and messages; the roles add the rings. `comes` and `goes` are the queues
    of the two directions."""

    def __init__(self, memory, setup):
        self.memory, self.state, self.features = memory, "down", 0
        self.asked_sizes, self.sizes = setup.get("sizes", [SIZE, SIZE]), [SIZE, SIZE]
        self.services = {address: name for name, address in setup.get("announce", [])}
        self.endpoints = set(setup.get("endpoints", [1024])) | set(self.services)
        self.listens = setup.get("listen", False)
        self.peers, self.received, self.pending, self.kept = [], [], [], []
        self.to_keep, self.next_address, self.last = 0, 1024, None

    def agree(self, features):
        """Takes features, and with them the sizes of buffers (BUF-2, BUF-3)."""
        self.features = features
        self.sizes = self.asked_sizes if features & SIZES else [SIZE, SIZE]

    def went_up(self, features):
        self.agree(features)
        self.state = "up"
        self.out.quiet()
        self.pending = list(self.services) if features & NS else []

    def went_down(self, state):
        """Services of the other side are forgotten, and all buffers (NS-9, LIFE-3)."""
        self.state, self.features = state, 0
        self.peers, self.pending, self.kept = [], [], []

    def broken(self):
        self.went_down("broken")

    def send(self, src, dst, payload):
        if NOWHERE in (src, dst):
            return "no address"
        if self.state != "up":
            return "down"
        if len(payload) > self.sizes[self.goes] - 16:
            return "too long"
        head = b"".join((src.to_bytes(4, "little"), dst.to_bytes(4, "little"), bytes(4),
                         len(payload).to_bytes(2, "little"), bytes(2)))
        try:
            result = self.put_message(head + payload)
        except Refused:
            self.broken()
            return "down"
        if result == "no buffer":
            self.out.ask()
        elif self.out.asked:
            self.out.quiet()
        return result

    def send_ns(self, address, flags):
        payload = self.services[address].encode("ascii").ljust(32, b"\0")
        payload += address.to_bytes(4, "little") + flags.to_bytes(4, "little")
        return self.send(address, NS_ADDR, payload)

    def announce(self):
        while self.pending and self.send_ns(self.pending[0], 0) == "ok":
            self.pending.pop(0)

    def withdraw(self, address):
        result = "ok"
        if self.state == "up" and self.features & NS and address not in self.pending:
            result = self.send_ns(address, 1)
        if result == "ok":
            self.pending = [each for each in self.pending if each != address]
            del self.services[address]
        return result

    def answer(self, payload):
        src, dst = self.last
        return self.send(dst, src, payload)

    def open(self, address):
        """An endpoint, at a free dynamic address if that is None (ADDR-1, ADDR-3)."""
        if address is None:
            while self.next_address in self.endpoints:
                self.next_address += 1
            address, self.next_address = self.next_address, self.next_address + 1
            self.endpoints.add(address)
            return address
        if address in self.endpoints or address == NOWHERE:
            return "taken"
        self.endpoints.add(address)
        return "ok"

    def deliver(self, data, length):
        """A message in `length` bytes of a buffer. Returns whether its buffer is kept."""
        try:
            head = header(data, length, self.sizes[self.comes])
            payload = bytes(data[16:16 + head["len"]])
            if head["dst"] == NS_ADDR:
                if self.listens and self.features & NS:
                    self.heard(rpmsg_ns(payload, {}))
                return False
        except Refused:
            return False
        if head["dst"] not in self.endpoints:
            return False
        self.received.append([head["src"], head["dst"], payload])
        self.last = head["src"], head["dst"]
        self.to_keep -= 1
        return self.to_keep >= 0

    def heard(self, ns):
        service = [ns["name"], ns["addr"]]
        known = service in self.peers
        if not ns["create"] and known:
            self.peers.remove(service)
        elif ns["create"] and not known and len(self.peers) < ROOM_FOR_SERVICES:
            self.peers.append(service)

    def keep(self, count):
        self.to_keep = count

    def give_back(self):
        for buffer in self.kept:
            self.return_buffer(buffer)
        self.kept = []

    def run(self):
        """Works until it would wait for a doorbell."""
        try:
            if self.look():
                self.announce()
                if self.state == "up":
                    self.drain()
        except Refused:
            self.broken()
        self.to_keep = max(self.to_keep, 0)
