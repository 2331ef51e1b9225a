# SPDX-License-Identifier: BSD-3-Clause
"""Extension *credits*: extensions.md, section 4. Two pairs of endpoints share one link, in both
directions. Those of pair 0 send all they may and keep every buffer that they get, for ever if they
like. Pair 1 asks and answers; an answer is sent before the question's buffer goes back.

What must hold:
- what was sent with credit is not refused (the first message of a pair, and one that goes without
  credit after a second, may be),
- pair 1 always gets its answers, whatever pair 0 does; also if its endpoints close and open again,
  and if records about that are lost.
"""
from collections import namedtuple

from explore import Broken

BUFFERS = 4
WINDOW = 1
MODULUS = 16  # Of numbers, instead of 2^32; MAXIMUM instead of CREDITS_MAX, START of CREDITS_START.
MAXIMUM = 2
START = 6

# One pair in one direction. Numbers are relative to what the sender has sent, for only differences
# count. Sender: limit. Receiver: next, held, granted, or next None if it has no state of the pair.
Pair = namedtuple("Pair", "limit next held granted")
# `pairs[direction][pair]`; direction 0 brings questions. `rings[direction]`: what is on the way, as
# (kind, pair, number). `open`: the answering endpoint is there. `done`: an answer came, and no new
# question was sent. `upset`: endpoints have come and gone; `fresh`: and the asking one has had no
# grant since then. `closings`: how many may still.
State = namedtuple("State", "pairs rings open done upset fresh closings")

VARIANTS = {
    "": "as specified",
    "no-window": "pair 0 is granted without end",
    "all-windows": "the windows' sum is the number of buffers",
    "no-start": "a new endpoint begins with numbers that the old one has used",
    "no-probe": "nothing is sent without credit, even after a second",
}


def ahead(a, b):
    """How far a is ahead of b, from -MODULUS/2 on."""
    return (a - b + MODULUS // 2) % MODULUS - MODULUS // 2


class Credits:
    """The model, or one of its broken variants."""

    def __init__(self, variant=""):
        self.variant = variant
        self.windows = {"no-window": (BUFFERS, WINDOW),
                        "all-windows": (BUFFERS - WINDOW, WINDOW)}.get(variant, (WINDOW, WINDOW))

    def start(self):
        """The link has just come up."""
        pair = Pair(1, None, 0, 0)
        return State(((pair, pair), (pair, pair)), ((), ()), True, False, False, False,
                     0 if self.variant in ("no-window", "all-windows") else 1)

    def good(self, state):
        """An answer has come."""
        return state.done

    def steps(self, state):
        """All that may happen next."""
        for direction in (0, 1):
            yield from self.send(state, direction)
            yield from self.take(state, direction)
            yield from self.grant(state, direction)
        yield from self.answer(state)
        if state.pairs[0][0].held:
            yield "0 gives back", True, self.with_pair(state, 0, 0, held=state.pairs[0][0].held - 1)
        yield from self.close(state)

    @staticmethod
    def with_pair(state, direction, pair, **fields):
        """The state with fields of one pair changed."""
        pairs = [list(row) for row in state.pairs]
        pairs[direction][pair] = pairs[direction][pair]._replace(**fields)
        return state._replace(pairs=tuple(tuple(row) for row in pairs))

    @staticmethod
    def put(state, direction, message):
        """The state with one more message on the way."""
        rings = list(state.rings)
        rings[direction] += (message,)
        return state._replace(rings=tuple(rings))

    @staticmethod
    def free(state, direction):
        """Buffers that the sender has."""
        return (BUFFERS - len(state.rings[direction])
                - sum(pair.held for pair in state.pairs[direction]))

    def can_send(self, state, direction, pair):
        """A message may go: there is a buffer, and credit."""
        if not self.free(state, direction):
            return False
        if ahead(state.pairs[direction][pair].limit, 0) > 0:
            return True
        # A second without credit, in which all else has come to rest.
        return (self.variant != "no-probe" and pair == 1 and state.upset
                and not any(entry[1] == 1 for ring in state.rings for entry in ring))

    def sent(self, state, direction, pair):
        """The state after a message of a pair. What was 0 for it is -1 now."""
        kind = "message"
        if ahead(state.pairs[direction][pair].limit, 0) == 0:  # See can_send().
            state = self.with_pair(state, direction, pair, limit=1)
            kind = "extra"
        elif state.fresh and (direction, pair) == (0, 1):
            kind = "extra"
        state = self.put(state, direction, (kind, pair, 0))
        return self.shift(state, direction, pair, -1)

    def shift(self, state, direction, pair, by):
        """Makes all numbers of a pair relative to a new one."""
        old = state.pairs[direction][pair]
        moved = {"limit": (old.limit + by) % MODULUS}
        if old.next is not None:
            moved |= {name: (getattr(old, name) + by) % MODULUS for name in ("next", "granted")}
        state = self.with_pair(state, direction, pair, **moved)
        kinds = {direction: ("message", "extra"), 1 - direction: ("grant",)}
        rings = tuple(tuple((kind, which, (number + by) % MODULUS)
                            if which == pair and kind in kinds[at] else (kind, which, number)
                            for kind, which, number in ring)
                      for at, ring in enumerate(state.rings))
        return state._replace(rings=rings)

    def send(self, state, direction):
        """Pair 0 in both directions; questions of pair 1."""
        if self.can_send(state, direction, 0):
            yield f"0 sends {direction}", True, self.sent(state, direction, 0)
        if direction == 0 and self.can_send(state, 0, 1):
            yield "1 asks", False, self.sent(state, 0, 1)._replace(done=False)

    def answer(self, state):
        """Pair 1: the answer goes, and then the question's buffer goes back."""
        asked = state.pairs[0][1].held
        if asked and state.open and self.can_send(state, 1, 1):
            after = self.with_pair(self.sent(state, 1, 1), 0, 1, held=asked - 1)
            yield "1 answers", False, after

    def take(self, state, direction):
        """The receiver takes what comes first in the ring."""
        if not state.rings[direction]:
            return
        (kind, pair, number), rest = state.rings[direction][0], state.rings[direction][1:]
        rings = tuple(rest if at == direction else ring for at, ring in enumerate(state.rings))
        state = state._replace(rings=rings)
        if kind == "grant":
            yield "takes a grant", False, self.granted(state, 1 - direction, pair, number)
            return
        if pair == 1 and direction == 0 and not state.open:
            yield "drops, CLOSED is lost", False, state
            if self.free(state, 1):
                # CLOSED gives as much credit as a grant of this limit.
                yield "drops, sends CLOSED", False, self.put(
                    state, 1, ("grant", 1, (number + 2) % MODULUS))
            return
        old = state.pairs[direction][pair]
        new = {"next": (number + 1) % MODULUS}
        if old.next != number:
            new["granted"] = (number + 1) % MODULUS
        if old.held >= self.windows[pair]:
            if kind != "extra":
                raise Broken("a message with credit comes that there is no window for")
            yield "refuses", False, self.with_pair(state, direction, pair, **new)
        elif pair == 1 and direction == 1:
            yield "1 is done", False, self.with_pair(state, 1, 1, **new)._replace(done=True)
        else:
            held = self.with_pair(state, direction, pair, held=old.held + 1, **new)
            yield f"{pair} keeps", False, held

    def granted(self, state, direction, pair, value):
        """The sender takes a grant, if it is newer and makes sense."""
        limit = state.pairs[direction][pair].limit
        if ahead(value, limit) > 0 and 0 < ahead(value, 0) <= max(MAXIMUM, *self.windows):
            fresh = state.fresh and (direction, pair) != (0, 1)
            return self.with_pair(state, direction, pair, limit=value)._replace(fresh=fresh)
        return state

    def grant(self, state, direction):
        """The receiver of a direction sends a grant in the other one."""
        for pair, at in enumerate(state.pairs[direction]):
            if at.next is None or not self.free(state, 1 - direction):
                continue
            limit = (at.next - at.held + self.windows[pair]) % MODULUS
            if ahead(limit, at.granted) > 0:
                after = self.with_pair(state, direction, pair, granted=limit)
                grant = ("grant", pair, limit)
                yield f"{pair} grants", False, self.put(after, 1 - direction, grant)

    def close(self, state):
        """Endpoints of pair 1 come and go."""
        if state.closings:
            fewer = state._replace(closings=state.closings - 1, upset=True, fresh=True)
            if state.open:
                gone = self.with_pair(fewer, 0, 1, next=None, held=0, granted=0)
                yield "1 closes", True, gone._replace(open=False)
            # The asking endpoint is closed, and opened again at once.
            number = -1 if self.variant == "no-start" else START
            anew = self.shift(fewer, 0, 1, -number)
            yield "1 asks anew", True, self.with_pair(anew, 0, 1, limit=1)._replace(done=False)
        if not state.open:
            yield "1 opens", False, state._replace(open=True)
