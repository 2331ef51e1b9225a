# SPDX-License-Identifier: BSD-3-Clause
"""Plays sequences: the steps on one side, a device or a driver of model_*.py on the other."""
from decode_device import BASE_FEATURES
from model import BUFFERS, DA, NUM, PA, RINGS, Memory, vring
from model_device import Device
from model_driver import Driver
from wire import get, number, octets, put

PEERS = ("offer", "refill", "deliver", "take")  # steps in which the subject does nothing
OPTIONAL = ("state", "memory", "at_doorbell", "kicked", "quiet", "services")
ACCOUNTS = ("sent", "received", "returned", "empty")


class Mismatch(Exception):
    """What is so is not what a step says."""


def demand(what, is_so, should):
    if is_so != should:
        raise Mismatch(f"{what}: is {is_so!r}, should be {should!r}")


class Play:
    """One sequence. The subclasses see what their subject puts into the rings."""

    memory_kind = Memory

    def __init__(self, setup):
        self.memory = self.memory_kind()
        self.memory.on_bell = self.rung
        config = octets(setup.get("config", ""))
        self.offered = number(setup.get("offered", 1))
        for at, value in ((0, 3), (4, 7), (12, self.offered), (20, len(config))):
            self.memory.set32(at, value)
        self.memory[25] = 2
        for queue in (0, 1):
            at, placed = vring(queue), self.placed_at_first
            self.memory.set32(at, DA + RINGS[queue] if placed else 0xFFFFFFFF)
            self.memory.set32(at + 4, 16)
            self.memory.set32(at + 8, NUM)
            self.memory.set32(at + 12, 40 + queue if placed else 0xFFFFFFFF)
        self.memory[68:68 + len(config)] = config
        self.bells, self.at_doorbell = [], None
        self.account = {key: [] for key in ACCOUNTS}

    def rung(self, bell):
        queues = [q for q in (0, 1) if self.memory.u32(vring(q) + 12) == bell]
        if not queues:
            raise Mismatch(f"rang {bell}, which is nobody's number")
        self.bells.append(queues[0])
        if self.at_doorbell is None:
            self.at_doorbell = bytes(self.memory)

    def used(self, queue, seen):
        """Elements of the used part from number `seen` on."""
        base = RINGS[queue] + 0x50
        while seen != self.memory.u16(base + 2):
            at = base + 4 + 8 * (seen % NUM)
            yield self.memory.u32(at), self.memory.u32(at + 4)
            seen = (seen + 1) % 65536

    def descriptor(self, queue, index):
        at = RINGS[queue] + 16 * index
        return get(self.memory, at, 8) - PA, self.memory.u32(at + 8), self.memory.u16(at + 12)

    def message(self, at, length):
        if not BUFFERS[0] <= at <= at + length <= len(self.memory):
            raise Mismatch(f"a message of {length} bytes at {at:#x}")
        return bytes(self.memory[at:at + length])

    def step(self, step, parts):
        kind = next(iter(step))
        value = step[kind]
        if kind == "play":
            for each in parts[value]:
                self.step(each, parts)
        elif kind == "repeat":
            for _ in range(value):
                for each in step["steps"]:
                    self.step(each, parts)
        elif kind == "write":
            for at, data in value.items():
                data, at = octets(data), number(at)
                assert at + len(data) <= len(self.memory)
                self.memory[at:at + len(data)] = data
                self.wrote(at, at + len(data))
        elif kind == "expect":
            self.expect(value)
        else:
            result = self.act(kind, value, step)
            if "result" in step:
                demand(f"result of {kind}", result, step["result"])
            if kind not in PEERS:
                self.collect()

    def act(self, kind, value, step):
        subject = self.subject
        if kind in ("kick", "run"):
            return subject.run()
        if kind == "send":
            return subject.send(number(value["from"]), number(value["to"]), octets(value["data"]))
        if kind == "answer":
            return subject.answer(octets(value))
        if kind == "withdraw":
            return subject.withdraw(number(value))
        if kind == "hold":
            return subject.keep(value)
        if kind == "release":
            return subject.give_back()
        if kind == "open":
            before = set(subject.endpoints)
            got = subject.open(None if value == "any" else number(value))
            if value == "any":
                ok = got not in before and 1024 <= got < 0xFFFFFFFF
                return "ok" if ok else f"address {got}"
            return got
        raise ValueError(f"there is no step {kind!r}")

    def expect(self, want):
        unknown = set(want) - set(OPTIONAL) - set(ACCOUNTS)
        assert not unknown, f"cannot expect {unknown}"
        if "state" in want:
            demand("state", self.subject.state, want["state"])
        for key, memory in (("memory", self.memory), ("at_doorbell", self.at_doorbell)):
            for at, data in want.get(key, {}).items():
                data, start = octets(data), number(at)
                demand(f"{key} {at}", memory and bytes(memory[start:start + len(data)]).hex(),
                       data.hex())
        demand("received", self.subject.received,
               [[number(a), number(b), octets(data)] for a, b, data in want.get("received", [])])
        demand("sent", self.account["sent"], list(map(octets, want.get("sent", []))))
        self.demand_returned(want)
        demand("empty", sorted(self.account["empty"]), sorted(want.get("empty", [])))
        if not set(want.get("kicked", [])) <= set(self.bells):
            raise Mismatch(f"rang for {self.bells}, should for {want['kicked']}")
        if set(want.get("quiet", [])) & set(self.bells):
            raise Mismatch(f"rang for {self.bells}, should not for {want['quiet']}")
        if "services" in want:
            demand("services", self.subject.peers,
                   [[name, number(address)] for name, address in want["services"]])
        self.bells, self.at_doorbell = [], None
        self.account = {key: [] for key in ACCOUNTS}
        self.subject.received = []


class DevicePlay(Play):
    placed_at_first = False

    def __init__(self, setup):
        super().__init__(setup)
        self.subject = Device(self.memory, setup, self.offered)
        self.seen = [0, 0]

    def act(self, kind, value, step):
        if kind == "offer":
            return self.offer(octets(value))
        if kind == "refill":
            return self.refill()
        return super().act(kind, value, step)

    def offer(self, data):
        """The driver sends a message, in the next buffer of queue 1."""
        idx = self.memory.u16(RINGS[1] + 0x42)
        index = idx % NUM
        at = BUFFERS[1] + 512 * index
        self.memory[at:at + len(data)] = data
        put(self.memory, RINGS[1] + 16 * index, 8, PA + at)
        put(self.memory, RINGS[1] + 16 * index + 8, 4, len(data))
        put(self.memory, RINGS[1] + 16 * index + 12, 4, 0)
        self.make_available(1, index)

    def refill(self):
        """The driver gives the buffer that it got back longest ago to the device anew."""
        first = (self.memory.u16(RINGS[0] + 0x42) - NUM) % 65536
        if first == self.memory.u16(RINGS[0] + 0x52):
            raise Mismatch("all buffers of queue 0 are with the device")
        self.make_available(0, self.memory.u32(RINGS[0] + 0x54 + 8 * (first % NUM)))

    def make_available(self, queue, index):
        idx = self.memory.u16(RINGS[queue] + 0x42)
        self.memory.set16(RINGS[queue] + 0x44 + 2 * (idx % NUM), index)
        self.memory.set16(RINGS[queue] + 0x42, idx + 1)

    def wrote(self, start, end):
        for queue in (0, 1):
            if start < RINGS[queue] + 0x54 and end > RINGS[queue] + 0x52:
                self.seen[queue] = self.memory.u16(RINGS[queue] + 0x52)

    def collect(self):
        for index, length in self.used(0, self.seen[0]):
            if length == 0:
                self.account["empty"].append(index)
            else:
                at, room, _flags = self.descriptor(0, index)
                if length > room:
                    raise Mismatch(f"{length} bytes in a buffer of {room}")
                self.account["sent"].append(self.message(at, length))
        self.account["returned"] += [list(element) for element in self.used(1, self.seen[1])]
        self.seen = [self.memory.u16(base + 0x52) for base in RINGS]

    def demand_returned(self, want):
        demand("returned", sorted(self.account["returned"]), sorted(want.get("returned", [])))


class DriverPlay(Play):
    placed_at_first = True

    def __init__(self, setup):
        super().__init__(setup)
        known = number(setup.get("known", BASE_FEATURES))
        self.subject = Driver(self.memory, setup, self.offered, known)
        self.forget()

    def forget(self):
        self.seen, self.taken, self.given, self.last = [0, 0], [0, 0], [0, 0], [0, 0]

    def wrote(self, start, end):
        for queue in (0, 1):
            if start < RINGS[queue] + 0x54 and end > RINGS[queue] + 0x52:
                self.given[queue] = self.memory.u16(RINGS[queue] + 0x52)

    def heads(self, queue, seen):
        base = RINGS[queue] + 0x40
        while seen != self.memory.u16(base + 2):
            yield self.memory.u16(base + 4 + 2 * (seen % NUM))
            seen = (seen + 1) % 65536

    def act(self, kind, value, step):
        if kind == "start":
            self.forget()
            return self.subject.start()
        if kind == "stop":
            return self.subject.stop()
        if kind == "deliver":
            return self.give(0, octets(value), step)
        if kind == "take":
            return self.give(1, b"", step)
        return super().act(kind, value, step)

    def give(self, queue, data, step):
        """The device gives a buffer back: by default the one that is available for longest."""
        if "id" in step:
            index = number(step["id"])
        elif step.get("again"):
            index = self.last[queue]
        else:
            if self.taken[queue] == self.memory.u16(RINGS[queue] + 0x42):
                raise Mismatch(f"no buffer of queue {queue} is available")
            index = next(self.heads(queue, self.taken[queue]))
            self.taken[queue] = (self.taken[queue] + 1) % 65536
            at, room, flags = self.descriptor(queue, index)
            demand("flags of the descriptor", flags, 0 if queue else 2)
            self.message(at, room)
            self.memory[at:at + len(data)] = data
        self.last[queue] = index
        base = RINGS[queue] + 0x50
        put(self.memory, base + 4 + 8 * (self.given[queue] % NUM), 4, index)
        put(self.memory, base + 8 + 8 * (self.given[queue] % NUM), 4,
            number(step.get("len", len(data))))
        self.given[queue] = (self.given[queue] + 1) % 65536
        self.memory.set16(base + 2, self.given[queue])

    def collect(self):
        for index in self.heads(1, self.seen[1]):
            at, length, flags = self.descriptor(1, index)
            demand("flags of a message's descriptor", flags, 0)
            self.account["sent"].append(self.message(at, length))
        for index in self.heads(0, self.seen[0]):
            _at, length, flags = self.descriptor(0, index)
            demand("an empty buffer", (length, flags), (self.subject.sizes[0], 2))
            self.account["returned"].append(index)
        self.seen = [self.memory.u16(base + 0x42) for base in RINGS]

    def demand_returned(self, want):
        # A number: which buffers those are is the driver's own business.
        demand("returned", len(self.account["returned"]), want.get("returned", 0))


def player(kind):
    def play(vector, parts):
        try:
            game = kind(vector.get("setup", {}))
            for count, step in enumerate(vector["steps"]):
                try:
                    game.step(step, parts)
                except Mismatch as mismatch:
                    return f"step {count}: {mismatch}"
        except Mismatch as mismatch:
            return str(mismatch)
        return None
    return play


SUBJECTS = {"device": player(DevicePlay), "driver": player(DriverPlay)}
