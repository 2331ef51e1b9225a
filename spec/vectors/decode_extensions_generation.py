# SPDX-License-Identifier: BSD-3-Clause
"""Plays the sequences of generation, in the memory of those of the base."""
from decode_extensions import GENERATION
from decode_sequences import DevicePlay, DriverPlay, demand, player
from model_generation import WORDS, GenerationDevice, GenerationDriver, Watched
from wire import number

SETUP = {"offered": GENERATION | 1, "known": GENERATION | 1, "config": "00*16"}


class Generations:
    """Steps and accounts that both roles add."""

    memory_kind = Watched

    def rung(self, bell):
        super().rung(bell)
        self.memory.did.append(["rings"])

    def act(self, kind, value, step):
        if kind == "meanwhile":
            at = next(at for at, name in WORDS.items() if name == value["after"])
            self.memory.meanwhile = at, lambda: self.step({"write": value["write"]}, {})
            return None
        if kind == "using":
            self.subject.using = value
            return None
        return super().act(kind, value, step)

    def expect(self, want):
        want = dict(want)
        did = want.pop("did", None)
        super().expect(want)
        assert self.memory.meanwhile is None, "what was to be written meanwhile was not"
        if did is not None:
            demand("did", self.memory.did,
                   [[each[0], *map(number, each[1:])] for each in did])
        self.memory.did.clear()


class GenerationDevicePlay(Generations, DevicePlay):
    def __init__(self, setup):
        super().__init__(SETUP | setup)
        self.settings = SETUP | setup

    def act(self, kind, value, step):
        if kind == "boot":
            self.subject = GenerationDevice(self.memory, self.settings, self.offered)
            return self.subject.boot()
        return super().act(kind, value, step)


class GenerationDriverPlay(Generations, DriverPlay):
    def __init__(self, setup):
        setup = SETUP | setup
        super().__init__(setup)
        self.subject = GenerationDriver(self.memory, setup, self.offered, number(setup["known"]))
        self.subject.on_set_up = self.forget

    def act(self, kind, value, step):
        if kind == "start":
            return self.subject.start(value == "halted")
        if kind == "limit":
            return self.subject.limit()
        return super().act(kind, value, step)


SUBJECTS = {"generation_device": player(GenerationDevicePlay),
            "generation_driver": player(GenerationDriverPlay)}
