# SPDX-License-Identifier: BSD-3-Clause
"""A side with credits, as messages (extensions.md, 4)."""
from decode_extensions import CLOSED, CONTROL_ADDR, CREDITS, GRANT, NS_ADDR, ahead, new_limit
from model_messages import Peer
from wire import Refused, number

DISTANCE = 131072


class Sending:
    """A pair, as its sender sees it."""

    def __init__(self, first):
        self.next, self.limit, self.refused = first, (first + 1) % 2**32, False


class Receiving:
    """A pair, as its receiver sees it. Without `keeps` there was no room for it (CRED-9)."""

    def __init__(self, window, keeps):
        self.next, self.held, self.window, self.granted, self.keeps = None, 0, window, 0, keeps


class Creditor(Peer):
    def __init__(self, setup):
        self.windows = {number(at): size for at, size in setup.get("windows", {}).items()}
        self.most = setup.get("buffers", 8) - 2
        super().__init__(setup, CREDITS | 1)
        self.accounts["told"] = []

    def do_up(self, value):
        super().do_up(value)
        self.first_ones = set(self.endpoints)
        self.sending, self.receiving, self.numbers = {}, {}, {}

    def do_close(self, address):
        super().do_close(address)
        at = number(address)
        self.first_ones.discard(at)
        self.sending = {pair: each for pair, each in self.sending.items() if pair[0] != at}

    def do_second(self, _value):
        """A second goes by (CRED-5)."""
        for pair in self.sending.values():
            if pair.refused:
                pair.limit = (pair.limit + 1) % 2**32
                pair.refused = False

    # Sender.

    def pair(self, src, dst):
        if (src, dst) not in self.sending:
            first = 0 if src in self.first_ones else self.numbers.get((src, dst), 0) + DISTANCE
            self.sending[src, dst] = Sending(first % 2**32)
        return self.sending[src, dst]

    def send(self, src, dst, payload):
        if self.state != "up" or not self.taken & CREDITS or dst in (NS_ADDR, CONTROL_ADDR):
            return super().send(src, dst, payload)
        pair = self.pair(src, dst)
        if not ahead(pair.limit, pair.next):
            pair.refused = True
            return "no buffer"
        if not self.put(src, dst, payload, reserved=pair.next):
            return "no buffer"
        self.numbers[src, dst] = pair.next
        pair.next = (pair.next + 1) % 2**32
        return "ok"

    def record(self, record):
        if record["kind"] not in (GRANT, CLOSED):
            return
        src, dst = record["peer"], record["endpoint"]
        pair = self.sending.get((src, dst))
        if pair is None:
            return
        try:
            pair.limit = new_limit(record, pair.limit, pair.next)
        except Refused:
            return
        if record["kind"] == CLOSED:
            self.accounts["told"].append([src, dst])

    # Receiver.

    def message(self, head, count, payload, references):
        src, dst = head["src"], head["dst"]
        if not self.taken & CREDITS:
            super().message(head, count, payload, references)
            return
        if dst not in self.endpoints:
            if self.room != 0:
                self.tell(CLOSED, dst, src, count)
            return
        if (src, dst) not in self.receiving:
            window = self.windows.get(dst, 1)
            keeps = sum(each.window for each in self.receiving.values() if each.keeps) + window
            fits = keeps <= self.most
            self.receiving[src, dst] = Receiving(window if fits else 1, fits)
        pair = self.receiving[src, dst]
        if count != pair.next:
            pair.granted = (count + 1) % 2**32
        pair.next = (count + 1) % 2**32
        if pair.held < pair.window:
            if not pair.keeps:
                self.to_keep = 0
            pair.held += self.deliver(head, payload, (src, dst))
        self.grant(src, dst)

    def given_back(self, key):
        self.receiving[key].held -= 1
        self.grant(*key)

    def grant(self, src, dst):
        """CRED-10."""
        pair = self.receiving[src, dst]
        limit = (pair.next - pair.held + pair.window) % 2**32
        if ahead(limit, pair.next) and (not ahead(pair.granted, pair.next)
                                        or 2 * ahead(limit, pair.granted) >= pair.window):
            pair.granted = limit
            self.tell(GRANT, dst, src, limit)
