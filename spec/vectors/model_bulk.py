# SPDX-License-Identifier: BSD-3-Clause
"""A side with bulk, as messages (extensions.md, 5)."""
from decode_extensions import (ANY, BULK, GENERATION, REGION, RETURN, loans, regions)
from model_messages import Peer, words
from wire import Refused, get, number, octets, put

TWO_REGIONS = ["00*16 02000000",
               "0000004000000000 00000100 40000000 0200 0000 00000000",
               "0000004100000000 00000100 40000000 0200 0100 00000000"]
MOST = 15


class Loan:
    def __init__(self, region, offset, length, write):
        self.region, self.offset, self.length, self.write = region, offset, length, write

    def granules(self, regions_, length=None):
        """First byte, and one behind the last, of its granules."""
        size = regions_[self.region]["granule"]
        length = self.length if length is None else length
        return self.offset // size * size, -(-(self.offset + length) // size) * size


class Lender(Peer):
    """Lends pieces of its own regions, and borrows those of the other side."""

    def __init__(self, setup):
        self.role = setup.get("role", "driver")
        self.lends = 1 if self.role == "device" else 0
        self.config = bytearray(octets(setup.get("config", TWO_REGIONS)))
        self.windows, self.pool = setup.get("windows"), setup.get("pool")
        self.cached = setup.get("cached", False)
        self.lent, self.borrowed, self.locked, self.regions = {}, {}, [], []
        super().__init__(setup, BULK | GENERATION | 1)
        self.accounts.update({"came back": [], "caches": []})
        self.states.update({
            "lent": lambda: [list(key) for key in sorted(self.lent)],
            "borrowed": lambda: [[*key, loan.offset, loan.length, loan.write]
                                 for key, loan in sorted(self.borrowed.items())],
            "config": lambda: bytes(self.config)})

    def do_config(self, data):
        """The other side writes the shared configuration."""
        data = octets(data)
        self.config[:len(data)] = data

    def do_up(self, value):
        super().do_up(value)
        if not self.taken & BULK:
            return
        self.locked = []
        if self.role == "driver":
            self.place()
        try:
            self.regions = regions(self.config, self.windows)  # BULK-3: a copy
            if any(region["da"] == ANY for region in self.regions):
                raise Refused("BULK-2")
        except Refused:
            self.state, self.regions = "broken", []

    def place(self):
        """Finds memory in its pool for regions that have none (BULK-2)."""
        for at in range(20, 20 + REGION * get(self.config, 16, 4), REGION):
            if get(self.config, at, 8) == ANY:
                granule = get(self.config, at + 12, 4)
                put(self.config, at, 8, -(-number(self.pool) // granule) * granule)

    def do_down(self, value):
        super().do_down(value)
        self.locked = list(self.lent.values())
        self.lent, self.borrowed = {}, {}

    def do_safe(self, _value):
        """The other side cannot touch anything any more (BULK-12)."""
        self.locked = []

    def do_may(self, value):
        """Whether the application may read or write a piece."""
        way, region, offset, length = value[0], *map(number, value[1:])
        start, end = Loan(region, offset, length, False).granules(self.regions)
        if self.regions[region]["lender"] == self.lends:
            out = [loan for loan in [*self.lent.values(), *self.locked] if loan.region == region
                   and loan.granules(self.regions)[0] < end
                   and loan.granules(self.regions)[1] > start]
            return not any(way == "write" or loan.write for loan in out)
        return any(loan.region == region and loan.offset <= offset
                   and offset + length <= loan.offset + loan.length
                   and (way == "read" or loan.write) for loan in self.borrowed.values())

    def do_lend(self, value):
        """Sends a message with references, of the lowest slots that are not out."""
        pieces, payload, taken = value["pieces"], b"", {}
        if self.state != "up":
            return "down"
        if len(pieces) > MOST:
            return "refused"
        for region, offset, length, write in pieces:
            loan = Loan(number(region), number(offset), number(length), write)
            if not self.may_lend(loan, taken):
                return "refused"
            free = [slot for slot in range(self.regions[loan.region]["slots"])
                    if (loan.region, slot) not in self.lent | taken]
            if not free:
                return "no slot"
            taken[loan.region, free[0]] = loan
            payload += words(loan.region | free[0] << 16, loan.offset, loan.length, int(write))
        if self.room == 0:
            return "no buffer"
        for loan in taken.values():
            self.cache(loan, "clean", "invalidate" if loan.write else None)
        self.note("sends")
        self.put(number(value["from"]), number(value["to"]), payload + octets(value["data"]),
                 flags=len(pieces))
        self.lent.update(taken)
        return "ok"

    def may_lend(self, loan, taken):
        """BULK-5, and what BULK-6 would refuse."""
        if loan.region >= len(self.regions) or self.regions[loan.region]["lender"] != self.lends:
            return False
        region = self.regions[loan.region]
        start, end = loan.granules(self.regions)
        return (loan.offset % region["granule"] == 0 and loan.length > 0
                and loan.offset + loan.length <= region["size"]
                and not any(each.region == loan.region and each.granules(self.regions)[0] < end
                            and each.granules(self.regions)[1] > start
                            for each in [*self.lent.values(), *taken.values()]))

    def do_give_back(self, value):
        """The application is done with a loan."""
        region, slot, written = map(number, value)
        loan = self.borrowed.pop((region, slot), None)
        if loan is None:
            return "no loan"
        if not loan.write:
            written = 0
        if written:
            self.cache(loan, "clean", length=written)
        self.note("sends")
        self.say_return(region, slot, written)
        return "ok"

    def say_return(self, region, slot, written):
        self.tell(RETURN, region | slot << 16, written, 0)

    def message(self, head, count, payload, references):
        if self.state != "up":
            return
        here = head["dst"] in self.endpoints
        try:
            found = loans(payload, references, self.regions, 1 - self.lends, self.borrowed)
        except Refused:
            found, here = [], False
        if not here:
            self.return_all(payload, references)
            return
        for each in found:
            loan = Loan(each["region"], each["offset"], each["length"], each["write"])
            self.borrowed[each["region"], each["slot"]] = loan
            self.cache(loan, "invalidate")
        super().message(head, count, payload[16 * references:], 0)

    def return_all(self, payload, references):
        """BULK-7."""
        found = []
        for at in range(0, 16 * references, 16):
            region, slot = get(payload, at, 2), get(payload, at + 2, 2)
            if (region < len(self.regions) and self.regions[region]["lender"] != self.lends
                    and slot < self.regions[region]["slots"]
                    and (region, slot) not in [*self.borrowed, *found]):
                found.append((region, slot))
                self.say_return(region, slot, 0)

    def record(self, record):
        """A RETURN (BULK-9)."""
        key = record["region"], record["slot"]
        loan = self.lent.pop(key, None) if record["kind"] == RETURN else None
        if loan:
            if loan.write:
                self.cache(loan, "invalidate")
            good = loan.write and record["written"] <= loan.length
            self.accounts["came back"].append([*key, record["written"] if good else 0])

    def cache(self, loan, *operations, length=None):
        start, end = loan.granules(self.regions, length)
        for each in filter(None, operations):
            self.note(each, loan.region, start, end - start)

    def note(self, *what):
        if self.cached:
            self.accounts["caches"].append(list(what))
