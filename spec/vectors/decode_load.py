# SPDX-License-Identifier: BSD-3-Clause
"""Loading an image with a resource table (table-1.md, table-2.md): README.md says what `load` takes
and gives, and which memory there is."""
import decode_table1
import decode_table2
from wire import Refused, get, number, octets

ANY1, ANY2 = 0xFFFFFFFF, (1 << 64) - 1
SEGMENT, FILE_SIZE, MEMORY_SIZE = 0x10000000, 0x1000, 0x2000
REGIONS = ((0x10000000, 0x40000000, 0x4000), (0x20000000, 0x480000000, 0x8000))
DONE, UNKNOWN, IMPOSSIBLE = 1, 2, 3
NO_DOORBELL = 0xFFFFFFFF


class Impossible(Exception):
    """Sound, but it cannot be had here."""


class Loader:
    def __init__(self, given):
        self.given = given
        self.memory = {da: bytearray(b"\xee" * size) for da, _pa, size in REGIONS}
        self.taken = [(SEGMENT, MEMORY_SIZE)]
        self.attaches = "attach" in given
        self.bells = 0

    # ---- memory

    def at(self, da, size):
        """The region that holds all of a range, and the offset in it."""
        for start, pa, length in REGIONS:
            if start <= da and da + size <= start + length:
                return start, da - start, pa + da - start
        raise Impossible(f"{size} bytes at {da:#x}")

    def store(self, da, data):
        region, offset, _pa = self.at(da, len(data))
        self.memory[region][offset:offset + len(data)] = data

    def fetch(self, da, size):
        region, offset, _pa = self.at(da, size)
        return bytes(self.memory[region][offset:offset + size])

    def put(self, da, size, value):
        self.store(da, value.to_bytes(size, "little"))

    def claim(self, da, size):
        """A range that has an address."""
        self.at(da, size)
        self.taken.append((da, size))
        return da

    def choose(self, size, align):
        """A free range of the memory that both sides reach."""
        start, _pa, length = REGIONS[1]
        da = start
        while da + size <= start + length:
            if not any(da < other + more and other < da + size for other, more in self.taken):
                return self.claim(da, size)
            da += max(align, 64)
        raise Impossible(f"no room for {size} bytes")

    def place(self, da, any_, size, align=64):
        return self.choose(size, align) if da == any_ else self.claim(da, size)

    def load_segment(self):
        data = bytearray(b"\x5a" * FILE_SIZE)
        for name, at in (("table1", 0x100), ("table2", 0x800)):
            table = octets(self.given.get(name, ""))
            data[at:at + len(table)] = table
        self.store(SEGMENT, bytes(data) + bytes(MEMORY_SIZE - FILE_SIZE))

    def bell(self):
        self.bells += 1
        return self.bells - 1


def fixed(entries):
    """What has an address in the table: nothing else may be placed there."""
    for entry in entries:
        if not entry["known"]:
            continue
        for name, size in (("da", "len"), ("da", "size"), ("state", "state_size")):
            if name in entry and size in entry:
                yield entry[name], entry[size]
        for queue in entry.get("vrings", []) + entry.get("queues", []):
            yield queue["da"], decode_table1.layout(queue["num"], queue["align"])[2]
            if "buffers" in queue:
                yield queue["buffers"], queue["buffer_size"] * queue["num"]


# ---- version 1

def load1(loader, table, base):
    """Plans all entries, then loads, then writes what the loader has to."""
    writes = []
    entries = decode_table1.entries(table)
    loader.taken += fixed(entries)
    for entry in entries:
        at = base + entry["offset"]
        try:
            plan1(loader, entry, at, writes)
        except Impossible as why:
            raise Refused("T1-11", str(why)) from None
    if loader.attaches:
        return
    loader.load_segment()
    for da, size, value in writes:
        loader.put(da, size, value)


def plan1(loader, entry, at, writes):
    if entry["type"] == 0:
        da = loader.place(entry["da"], ANY1, entry["len"])
        pa = loader.at(da, entry["len"])[2]
        writes += [(at + 4, 4, da), (at + 8, 4, min(pa, ANY1))]
    elif entry["type"] in (1, 2):
        loader.at(entry["da"], entry["len"])
    elif entry["type"] == 3:
        writes += [(at + 16, 4, 0), (at + 24, 1, 0)]
        for ring in entry["vrings"]:
            size = decode_table1.layout(ring["num"], ring["align"])[2]
            da = loader.place(ring["da"], ANY1, size, ring["align"])
            writes += [(at + ring["at"], 4, da), (at + ring["at"] + 12, 4, loader.bell())]


# ---- version 2

class Plan2:
    """The loader's view of one table of version 2; `late` is done after the segments are there."""

    def __init__(self, loader, table, base):
        self.loader, self.base, self.late = loader, base, []
        self.table = decode_table2.table(table)
        self.tables = [(base, self.table["size"])]
        if loader.given.get("table1"):
            self.tables.append((SEGMENT + 0x100, len(octets(loader.given["table1"]))))

    def load(self):
        table, loader = self.table, self.loader
        if table["owner"] == 2 and not loader.attaches:
            raise Refused("T2-11")
        self.check_values()
        loader.taken += fixed(table["entries"])
        for entry in table["entries"]:
            outcome = UNKNOWN
            if entry["known"]:
                try:
                    self.plan(entry, self.base + entry["offset"])
                    outcome = DONE
                except Impossible:
                    outcome = IMPOSSIBLE
            if outcome != DONE and entry["required"]:
                raise Refused("T2-19", f"type {entry['type']}")
            self.write(self.base + entry["offset"] + 10, 1, outcome)
        if loader.attaches:
            return
        self.number_blocks()
        power = any(each["type"] == 17 and each["known"] for each in table["entries"])
        self.write(self.base + 20, 4, 2)
        self.write(self.base + 32, 8, table["offered"] & (7 if power else 4))
        loader.load_segment()
        for da, data in self.late:
            loader.store(da, data)

    def write(self, da, size, value):
        self.late.append((da, value.to_bytes(size, "little")))

    def plan(self, entry, at):
        loader = self.loader
        kind = entry["type"]
        if kind == 0:
            da = loader.place(entry["da"], ANY2, entry["len"], entry["align"])
            self.write(at + 16, 8, da)
            self.write(at + 24, 8, loader.at(da, entry["len"])[2])
        elif kind in (1, 2):
            loader.at(entry["da"], entry["len"])
        elif kind == 3:
            self.vdev(entry, at)
        elif kind == 16:
            self.identity(entry)
        elif kind == 17:
            loader.at(entry["state"], 128)
            self.late.append((entry["state"], bytes(128)))
        elif kind == 18:
            self.parameter(entry)
        elif kind == 19:
            self.devicetree(entry, at)
        elif kind == 20:
            loader.at(entry["da"], (entry["count"] - 1) * entry["stride"] + 4)

    def vdev(self, entry, at):
        loader, base = self.loader, entry["base"]
        state = entry["state"]
        if any(start < state + entry["state_size"] and state < start + size
               for start, size in self.tables[:1]):
            raise Refused("T2-34")
        if state != ANY2:
            loader.at(state, entry["state_size"])
        else:
            state = loader.choose(entry["state_size"], 4)
        self.write(at + 24, 8, state)
        words = (3, entry["id"], 0, entry["features"] & ANY1, 0, len(entry["config"]))
        image = b"".join(word.to_bytes(4, "little") for word in words)
        image += bytes((0, len(entry["queues"]), 0, 0))
        for queue in entry["queues"]:
            da = loader.place(queue["da"], ANY2, queue["ring_size"], queue["align"])
            bell = loader.bell()
            self.write(at + queue["at"], 8, da)
            self.write(at + queue["at"] + 32, 4, bell)
            size = queue["buffer_size"] or (512 if entry["id"] == 7 else 0)
            if queue["buffers"] and size:
                count = queue["buffer_count"] or queue["num"]
                self.write(at + queue["at"] + 8, 8,
                           loader.place(queue["buffers"], ANY2, size * count))
            for word in (da - base, queue["align"], queue["num"], bell, 0):
                image += word.to_bytes(4, "little")
        image += entry["config"]
        self.late.append((state, image.ljust(entry["state_size"], b"\0")))

    def number_blocks(self):
        """Doorbells of traces and power blocks come behind those of all queues (T2-29)."""
        for entry in self.table["entries"]:
            if entry["known"] and entry["type"] in (2, 17) and entry["notifyid"] != NO_DOORBELL:
                self.write(self.base + entry["offset"] + 12, 4, self.loader.bell())

    def identity(self, entry):
        chips, driver = self.loader.given.get("chips"), self.loader.given.get("driver")
        if entry["chip"] and chips is not None and entry["chip"] not in chips:
            raise Impossible("another chip")
        if entry["names"] and driver is not None and driver not in entry["names"]:
            raise Impossible("another driver")

    def parameter(self, entry):
        da, size = entry["da"], entry["size"]
        if not SEGMENT <= da <= da + size <= SEGMENT + MEMORY_SIZE or any(
                start < da + size and da < start + length for start, length in self.tables):
            raise Refused("T2-44", f"{size} bytes at {da:#x}")
        for value in self.loader.given.get("parameters", []):
            if value["name"] == entry["name"]:
                self.late.append((da, encode(value, size)))

    def check_values(self):
        """Each value is for one parameter (T2-46)."""
        names = [each["name"] for each in self.table["entries"]
                 if each["known"] and each["type"] == 18]
        for value in self.loader.given.get("parameters", []):
            if names.count(value["name"]) != 1:
                raise Refused("T2-46", f"{value['name']}: {names.count(value['name'])} parameters")

    def devicetree(self, entry, at):
        blob = octets(self.loader.given.get("devicetree", ""))
        if not blob or len(blob) > entry["len"]:
            if entry["da"] != ANY2:
                self.late.append((entry["da"], bytes(8)))
            raise Impossible("no device tree that fits")
        da = self.loader.place(entry["da"], ANY2, entry["len"])
        self.write(at + 16, 8, da)
        self.late.append((da, blob))


def encode(value, size):
    """A parameter's bytes (T2-45, T2-46)."""
    kind = value["kind"]
    if kind in (1, 2, 3):
        what, bits = number(value["number"]), 8 * size
        if kind == 2 and what >= 1 << 63:
            what -= 1 << 64
        low, high = (-(1 << bits - 1), 1 << bits - 1) if kind == 2 else (0, 1 << bits)
        if not low <= what < (2 if kind == 3 else high):
            raise Refused("T2-46", f"{what} in {size} bytes")
        return (what % (1 << bits)).to_bytes(size, "little")
    data = octets(value["bytes"])
    if (kind == 4 and len(data) + 1 > size) or (kind == 5 and len(data) != size):
        raise Refused("T2-46", f"{len(data)} bytes for {size}")
    return data.ljust(size, b"\0")


# ---- the vector

def reclaim(loader, table):
    """After a crash: frees the locks that the firmware held (T2-54)."""
    for entry in decode_table2.table(table)["entries"]:
        for i in range(entry["count"] if entry["type"] == 20 and entry["known"] else 0):
            at = entry["da"] + i * entry["stride"]
            if get(loader.fetch(at, 4), 0, 4) == entry["owner"]:
                loader.put(at, 4, entry["free"])


class Window:
    """Memory after loading."""

    def __init__(self, loader):
        self.loader = loader

    def holds(self, want):
        return all(self.loader.fetch(number(at), len(octets(data))) == octets(data)
                   for at, data in want.items())


class Places:
    """Fields that have to hold addresses in shared memory which overlap nothing."""

    def __init__(self, loader):
        self.loader = loader

    def holds(self, want):
        start, _pa, length = REGIONS[1]
        seen = []
        for field in want:
            width, size = number(field.get("width", 4)), number(field["size"])
            da = get(self.loader.fetch(number(field["at"]), width), 0, width)
            if da % number(field.get("align", 16)) or not start <= da <= start + length - size:
                return False
            if any(da < other + more and other < da + size for other, more in seen):
                return False
            seen.append((da, size))
        return True


def load(_data, given):
    loader = Loader(given)
    tables = {version: octets(given[f"table{version}"]) for version in (1, 2)
              if f"table{version}" in given}
    version = max(set(tables) & set(given.get("knows", [1, 2])), default=0)
    if not version:
        raise Refused("T2-57", "no table that it knows")
    base = number(given.get(f"at{version}", SEGMENT + (0x100 if version == 1 else 0x800)))
    table = octets(given.get("attach", tables[version].hex()))
    if base % 4 or not SEGMENT <= base <= base + len(table) <= SEGMENT + MEMORY_SIZE:
        raise Refused(f"T{version}-1", f"{base:#x}")
    if version == 1:
        load1(loader, table, base)
    else:
        Plan2(loader, table, base).load()
    for at, data in given.get("crash", {}).items():
        loader.store(number(at), octets(data))
    if "crash" in given:
        reclaim(loader, tables[2])
    return {"version": version, "memory": Window(loader), "placed": Places(loader)}


STRUCTURES = {"load": load}
