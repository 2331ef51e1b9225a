# SPDX-License-Identifier: BSD-3-Clause
"""A driver, written from base.md, 3 to 5."""
from model import (BUFFERS, EVENT_IDX, GFEATURES, NUM, PA, RINGS, ROOM, STATUS, Queue, Side)
from wire import put

LIVE = 7


class Driver(Side):
    comes, goes = 0, 1

    def __init__(self, memory, setup, offered, known):
        super().__init__(memory, setup)
        self.offered, self.known = offered, known

    def start(self):
        """Boot, as in 8.2."""
        if self.state != "down":
            self.went_down("down")
        self.memory[STATUS] = 0
        self.set_up()

    def set_up(self):
        for status in (1, 3):
            self.memory[STATUS] = status
        features = self.offered & self.known
        self.memory.set32(GFEATURES, features)
        for base in RINGS:
            self.memory[base:base + 0x76] = bytes(0x76)
        self.into, self.out = (Queue(self.memory, queue, True, features & EVENT_IDX)
                               for queue in (0, 1))
        self.agree(features)
        counts = [min(NUM, ROOM // size) for size in self.sizes]
        self.free, self.coming, self.going = list(range(counts[1])), set(), set()
        for index in range(counts[0]):
            self.describe(0, index, self.sizes[0], 2)
            self.put_head(self.into, index)
            self.coming.add(index)
        self.into.shown = counts[0]
        self.memory.set16(self.into.avail + 2, counts[0])
        self.memory[STATUS] = LIVE
        self.memory.on_bell(self.into.bell)
        self.went_up(features)
        self.announce()

    def stop(self):
        self.memory[STATUS] = 0
        self.went_down("down")

    def buffer(self, queue, index):
        return BUFFERS[queue] + self.sizes[queue] * index

    def describe(self, queue, index, length, flags):
        at = RINGS[queue] + 16 * index
        put(self.memory, at, 8, PA + self.buffer(queue, index))
        put(self.memory, at + 8, 4, length)
        put(self.memory, at + 12, 4, flags)

    def put_head(self, queue, index):
        self.memory.set16(queue.avail + 4 + 2 * queue.place(), index)

    def look(self):
        return self.state == "up"

    def drain(self):
        size = self.sizes[0]
        for index, length in self.used(self.into, self.coming, size):
            at = self.buffer(0, index)
            if self.deliver(self.memory[at:at + size], length):
                self.kept.append(index)
            else:
                self.return_buffer(index)
        self.into.ask()

    def used(self, queue, outstanding, room):
        """Elements that the device gave back, one by one (RING-15 to RING-17)."""
        while queue.waiting(len(outstanding), "RING-15"):
            element = queue.used + 4 + 8 * (queue.taken % NUM)
            index, length = self.memory.u32(element), self.memory.u32(element + 4)
            queue.taken += 1
            if index in outstanding:
                outstanding.remove(index)
                yield index, length if length <= room else 0

    def return_buffer(self, index):
        self.coming.add(index)
        self.put_head(self.into, index)
        self.into.show()

    def put_message(self, message):
        if not self.free:
            self.free += [index for index, _ in self.used(self.out, self.going, 0)]
        if not self.free:
            return "no buffer"
        index = self.free.pop(0)
        at = self.buffer(1, index)
        self.memory[at:at + len(message)] = message
        self.describe(1, index, len(message), 0)
        self.put_head(self.out, index)
        self.going.add(index)
        self.out.show()
        return "ok"
