# SPDX-License-Identifier: BSD-3-Clause
"""A device and a driver with generation (extensions.md, 3), made of those of the base."""
from decode_device import is_live
from decode_extensions import GENERATION, generation
from model import GFEATURES, STATUS, Memory, vring
from model_device import Device
from model_driver import Driver

DRIVER_GENERATION, DRIVER_SEEN, DEVICE_GENERATION, DEVICE_SEEN = 0x44, 0x48, 0x4C, 0x50
WORDS = {DRIVER_GENERATION: "driver_generation", DRIVER_SEEN: "driver_seen",
         DEVICE_GENERATION: "device_generation", DEVICE_SEEN: "device_seen"}


class Watched(Memory):
    """Notes what the subject stores to the words and to the status, and lets the peer write right
    after a reading of the subject's."""

    def __init__(self):
        super().__init__()
        self.did, self.meanwhile = [], None

    def u32(self, at):
        value = super().u32(at)
        if self.meanwhile and self.meanwhile[0] == at:
            write, self.meanwhile = self.meanwhile[1], None
            write()
        return value

    def set32(self, at, value):
        super().set32(at, value)
        if at in WORDS:
            self.did.append([WORDS[at], value])

    def __setitem__(self, at, value):
        super().__setitem__(at, value)
        if at == STATUS and value in (0, 7):
            self.did.append(["status", value])


def following(memory, at):
    return generation(memory.u32(at).to_bytes(4, "little"), {})["next"]


class GenerationDevice(Device):
    """`using`: somebody uses a buffer, and can reach it whatever the link does."""

    def __init__(self, memory, setup, offered):
        super().__init__(memory, setup, offered)
        self.last, self.unanswered, self.using, self.own = None, None, False, 0

    def boot(self):
        """GEN-1."""
        before = self.memory.u32(DEVICE_GENERATION)
        self.own = 1 if before == 0xFFFFFFFF else before + 1
        self.memory.set32(DEVICE_GENERATION, self.own)
        if before:
            self.ring()
        self.run()

    def ring(self):
        self.memory.on_bell(self.memory.u32(vring(0) + 12))

    def look(self):
        """GEN-3 and GEN-4: looks until it may go on, or has to wait."""
        again = True
        while again:
            number = self.memory.u32(DRIVER_GENERATION)
            live = is_live(self.memory[STATUS])
            if not live or number != self.last:
                self.last = self.unanswered = number
                if self.state != "down":
                    self.went_down("down")
            elif self.unanswered is None:
                if self.state == "down" and self.is_meant():
                    self.arrive()
                return self.state == "up"
            if self.using:
                return False  # GEN-12: the answer waits
            changed = self.memory.u32(DEVICE_SEEN) != self.unanswered
            if changed:
                self.memory.set32(DEVICE_SEEN, self.unanswered)
                self.ring()
            self.unanswered = None
            again = live or changed
        return False

    def is_meant(self):
        """Whether the rings are for this run (GEN-5)."""
        return (not self.memory.u32(GFEATURES) & GENERATION
                or self.memory.u32(DRIVER_SEEN) == self.own)

    def went_up(self, features):
        super().went_up(features)
        self.memory.did.append(["up"])

    def went_down(self, state):
        super().went_down(state)
        self.memory.did.append([state])


class GenerationDriver(Driver):
    def __init__(self, memory, setup, offered, known):
        super().__init__(memory, setup, offered, known)
        self.taken = offered & known & GENERATION
        self.own, self.seen, self.overlooked, self.using = 0, 0, None, False
        self.goes_on = False  # Whether it brings the link up after the answer.
        self.waits = False
        self.on_set_up = lambda: None

    def start(self, halted=False):
        if not self.taken:
            super().start()
        elif halted:
            self.reset()
            self.overlooked = self.memory.u32(DEVICE_GENERATION)
            self.tell(1 if self.overlooked == 0xFFFFFFFF else self.overlooked + 1)
        else:
            self.begin(True)

    def reset(self):
        """The first half of GEN-6."""
        if self.state != "down":
            self.went_down("down")
        self.memory[STATUS] = 0
        self.own = following(self.memory, DRIVER_GENERATION)
        self.memory.set32(DRIVER_GENERATION, self.own)
        self.overlooked = None

    def begin(self, goes_on):
        self.reset()
        self.goes_on, self.waits = goes_on, True
        self.memory.on_bell(self.memory.u32(vring(0) + 12))

    def stop(self):
        if self.taken:
            self.begin(False)
        else:
            super().stop()

    def limit(self):
        """The limit of GEN-7."""
        if self.waits:
            self.waits = False
            self.memory.did.append(["no answer"])

    def tell(self, seen):
        """GEN-8, and the base from there on."""
        self.seen = seen
        self.memory.set32(DRIVER_SEEN, seen)
        self.on_set_up()
        self.set_up()

    def run(self):
        if not self.waits:
            super().run()
        elif self.memory.u32(DEVICE_SEEN) == self.own and not self.using:
            self.waits = False
            if self.goes_on:
                self.tell(self.memory.u32(DEVICE_GENERATION))
            else:
                self.memory.did.append(["let go"])

    def look(self):
        """GEN-10."""
        if self.state != "up" or not self.taken:
            return self.state == "up"
        now = self.memory.u32(DEVICE_GENERATION)
        if now == self.seen:
            self.overlooked = None
        elif now != self.overlooked:
            self.begin(True)
        return self.state == "up"

    def send(self, src, dst, payload):
        self.look()
        return super().send(src, dst, payload)

    def went_up(self, features):
        super().went_up(features)
        self.memory.did.append(["up"])

    def went_down(self, state):
        super().went_down(state)
        self.memory.did.append([state])
