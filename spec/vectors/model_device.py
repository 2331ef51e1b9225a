# SPDX-License-Identifier: BSD-3-Clause
"""A device, written from base.md, 3.4, 4 and 5."""
from decode_device import is_live
from decode_rings import follow, inside, layout
from model import (ALIGN, DA, EVENT_IDX, GFEATURES, INDIRECT, NUM, PA, RINGS, STATUS, Queue,
                   Side, vring)
from wire import Refused, put

RING_MEMORY = [(DA + 0x100, 0x300)]
BUFFER_MEMORY = [(PA + 0x400, 0x1000)]


class Device(Side):
    comes, goes = 1, 0

    def __init__(self, memory, setup, offered):
        super().__init__(memory, setup)
        self.offered = offered

    def look(self):
        """Follows the status (VDEV-13). Returns whether the link is up."""
        if not is_live(self.memory[STATUS]):
            if self.state != "down":
                self.went_down("down")
        elif self.state == "down":
            self.arrive()
        return self.state == "up"

    def arrive(self):
        """The ready point (VDEV-7, VDEV-11, VDEV-15)."""
        features = self.memory.u32(GFEATURES)
        if features & ~self.offered:
            raise Refused("VDEV-7")
        for queue in (0, 1):
            da, align, num = (self.memory.u32(vring(queue) + at) for at in (0, 4, 8))
            size = layout(num, align)[2]
            if (num, align) != (NUM, ALIGN) or da % 16 or not inside(RING_MEMORY, da, size):
                raise Refused("VDEV-15")
            assert da == DA + RINGS[queue], "this device knows rings at their usual place only"
        self.into = Queue(self.memory, 1, False, features & EVENT_IDX)
        self.out = Queue(self.memory, 0, False, features & EVENT_IDX)
        self.have = set()
        self.went_up(features)

    def next_head(self, queue):
        """The next head that makes sense, or None (RING-12, RING-13)."""
        while queue.waiting(NUM, "RING-12"):
            head = self.memory.u16(queue.avail + 4 + 2 * (queue.taken % NUM))
            queue.taken += 1
            if head < NUM and (queue is self.out or head not in self.have):
                return head
        return None

    def buffer(self, queue, head, write):
        """The one buffer that a chain has to be (MSG-5): its offset and length."""
        def fetch(address):
            at = address if address < PA else address - PA  # the ring's own go by offset
            return bytes(self.memory[at:at + 16])

        parts = follow(fetch, queue.base, NUM, head, bool(self.features & INDIRECT), BUFFER_MEMORY)
        if len(parts) != 1 or parts[0][2] != write or parts[0][1] < 16:
            raise Refused("MSG-5")
        return parts[0][0] - PA, parts[0][1]

    def give(self, queue, head, length):
        element = queue.used + 4 + 8 * queue.place()
        self.memory.set32(element, head)
        self.memory.set32(element + 4, length)
        queue.show()

    def drain(self):
        queue = self.into
        while self.state == "up":
            head = self.next_head(queue)
            if head is None:
                break
            try:
                at, length = self.buffer(queue, head, False)
            except Refused:
                self.give(queue, head, 0)
                continue
            if self.deliver(self.memory[at:at + min(length, self.sizes[1])], length):
                self.kept.append(head)
                self.have.add(head)
            else:
                self.give(queue, head, 0)
        queue.ask()

    def return_buffer(self, head):
        self.have.remove(head)
        self.give(self.into, head, 0)

    def put_message(self, message):
        while True:
            head = self.next_head(self.out)
            if head is None:
                return "no buffer"
            try:
                at, length = self.buffer(self.out, head, True)
                break
            except Refused:
                self.give(self.out, head, 0)
        if length < len(message):
            self.out.taken -= 1
            return "too long"
        put(self.memory, at, len(message), int.from_bytes(message, "little"))
        self.give(self.out, head, len(message))
        return "ok"
