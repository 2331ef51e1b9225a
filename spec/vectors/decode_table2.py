# SPDX-License-Identifier: BSD-3-Clause
"""The resource table of version 2 and the blocks that it points to (table-2.md).

rsc2_table   in: the table, as long as there is memory. out: version, owner, host, offered, taken,
             entries: each with type, known, required, late, outcome, and if it is known the fields of
             its structure; a vdev's queues as list `queues`, configuration as bytes `config`; an
             identity's host drivers as list `names`
trace_block  given: len of the entry, r: bytes read before; in: the block, as it is at one moment.
             out: text, lost
trace_bell   given: old, new, notify_at. out: ring
trace_write  given: text; doorbell: false for NO_DOORBELL. in: the block. out: block afterwards; ring
power_state  in: the power block. out: state
power_request  the host asks. given: request. in: the block. out: block, ring
power_answer   the firmware carries out what is asked. given: taken. in: the block. out: block, ring
in_force     given: has (versions of the image's tables), host. out: version
tables_agree given: table1, table2. out: agree
"""
import decode_table1
from decode_rings import layout
from wire import Refused, get, number, octets, power_of_two, put, text

ANY = (1 << 64) - 1
LOW = (1 << 32) - 1


def fixed(da, rule, multiple=1):
    if da == ANY or da % multiple:
        raise Refused(rule, f"{da:#x}")


def check_range(da, size):
    """A range that is not empty and ends at 0xfffffffffffffffe at most, if it is fixed (T2-17)."""
    if size == 0 or (da != ANY and da + size - 1 > ANY - 1):
        raise Refused("T2-17", f"{size} bytes at {da:#x}")


def need(entry, size, rule="T2-15"):
    if len(entry) < size:
        raise Refused(rule, f"{len(entry)} bytes, not {size}")


def memory(entry, devmem):
    need(entry, 80)
    da, size, align = get(entry, 16, 8), get(entry, 32, 8), get(entry, 40, 4)
    if devmem and da == ANY:
        raise Refused("T2-17", "a devmem is fixed")
    check_range(da, size)
    if align and (not power_of_two(align, 1, 1 << 31) or (da != ANY and da % align)):
        raise Refused("T2-24", f"align {align}")
    return {"flags": get(entry, 12, 4), "da": da, "pa": get(entry, 24, 8), "len": size,
            "align": align, "name": text(entry[48:], "T2-16")}


def trace(entry):
    need(entry, 64)
    da, size = get(entry, 16, 8), get(entry, 24, 8)
    if size < 192:
        raise Refused("T2-35", f"len {size}")
    fixed(da, "T2-35", 4)
    check_range(da, size)
    return {"notifyid": get(entry, 12, 4), "da": da, "len": size,
            "name": text(entry[32:], "T2-16")}


def queue(entry, at, device, base):
    names = ("num", "align", "buffer_size", "buffer_count", "notifyid")
    out = {name: get(entry, at + 16 + 4 * i, 4) for i, name in enumerate(names)}
    out["da"], out["buffers"], out["at"] = get(entry, at, 8), get(entry, at + 8, 8), at
    try:
        out["ring_size"] = layout(out["num"], out["align"])[2]
    except Refused:
        raise Refused("T2-26", f"num {out['num']}, align {out['align']}") from None
    if out["buffer_count"] > out["num"]:
        raise Refused("T2-26", "buffer_count")
    size = out["buffer_size"]
    if device == 7 and size and (size % 8 or not 24 <= size <= 65544):
        raise Refused("T2-27", f"buffer_size {size}")
    if out["buffers"] != ANY and out["buffers"] % 16:
        raise Refused("T2-27", f"buffers {out['buffers']:#x}")
    if out["da"] != ANY:
        if not base <= out["da"] < base + LOW:
            raise Refused("T2-32", f"da {out['da']:#x}, base {base:#x}")
        check_range(out["da"], out["ring_size"])
    return out


def vdev(entry):
    need(entry, 56)
    count, config = get(entry, 48, 4), get(entry, 44, 4)
    need(entry, 56 + 40 * count + config, "T2-25")
    out = {"id": get(entry, 12, 4), "features": get(entry, 16, 8), "state": get(entry, 24, 8),
           "base": get(entry, 32, 8), "state_size": get(entry, 40, 4)}
    out["queues"] = [queue(entry, 56 + 40 * i, out["id"], out["base"]) for i in range(count)]
    least = 28 + 20 * count + config
    if out["features"] > LOW:
        least = -(-least // 4) * 4 + 4
    if out["state_size"] < least or (out["state"] != ANY and out["state"] % 4):
        raise Refused("T2-30", f"state {out['state']:#x}, {out['state_size']} bytes")
    check_range(out["state"], out["state_size"])
    start = 56 + 40 * count
    out["config"] = bytes(entry[start:start + config])
    return out


def identity(entry):
    need(entry, 112)
    count = get(entry, 12, 4)
    need(entry, 112 + 32 * count, "T2-42")
    names = [text(entry[112 + 32 * i:], "T2-16") for i in range(count)]
    chip, firmware, version = (text(entry[at:], "T2-16") for at in (16, 48, 80))
    return {"chip": chip, "firmware": firmware, "version": version, "names": names}


def power(entry):
    need(entry, 24)
    fixed(get(entry, 16, 8), "T2-47", 4)
    check_range(get(entry, 16, 8), 128)
    return {"notifyid": get(entry, 12, 4), "state": get(entry, 16, 8)}


SIZES_OF_KINDS = {1: (1, 2, 4, 8), 2: (1, 2, 4, 8), 3: (1, 4)}


def parameter(entry):
    need(entry, 64)
    kind, da, size = get(entry, 12, 4), get(entry, 16, 8), get(entry, 24, 4)
    name = text(entry[32:], "T2-16")
    if not name or not 1 <= kind <= 5 or size not in SIZES_OF_KINDS.get(kind, (size,)):
        raise Refused("T2-44", f"kind {kind}, size {size}")
    fixed(da, "T2-44")
    check_range(da, size)
    return {"kind": kind, "da": da, "size": size, "name": name}


def devicetree(entry):
    need(entry, 32)
    da, size = get(entry, 16, 8), get(entry, 24, 8)
    if da != ANY and da % 8:
        raise Refused("T2-52", f"da {da:#x}")
    check_range(da, size)
    return {"da": da, "len": size}


def locks(entry):
    need(entry, 72)
    out = {name: get(entry, 24 + 4 * i, 4)
           for i, name in enumerate(("count", "stride", "owner", "free"))}
    out["da"] = get(entry, 16, 8)
    fixed(out["da"], "T2-53", 4)
    if out["count"] == 0 or out["stride"] == 0 or out["stride"] % 4:
        raise Refused("T2-53", f"count {out['count']}, stride {out['stride']}")
    check_range(out["da"], (out["count"] - 1) * out["stride"] + 4)
    out["name"] = text(entry[40:], "T2-16")
    return out


READERS = {0: lambda entry: memory(entry, False), 1: lambda entry: memory(entry, True), 2: trace,
           3: vdev, 16: identity, 17: power, 18: parameter, 19: devicetree, 20: locks}


def is_known(entry):
    if get(entry, 8, 1) != 1 or get(entry, 0, 4) not in READERS:
        return False
    return get(entry, 0, 4) != 20 or len(entry) < 16 or get(entry, 12, 4) == 0


def table(data):
    if len(data) < 48 or get(data, 0, 4) != 0x32545259:
        raise Refused("T2-4")
    version, head, size, count, flags = (get(data, *field) for field in
                                         ((4, 2), (6, 2), (8, 4), (12, 4), (16, 4)))
    if version != 2:
        raise Refused("T2-5", f"version {version}")
    if size % 4 or size > len(data):
        raise Refused("T2-6", f"size {size}")
    if head < 48 or head > size or head % 4:
        raise Refused("T2-7", f"header_size {head}")
    if flags & 3 == 3:
        raise Refused("T2-10")
    out = {"version": version, "owner": flags & 3, "host": get(data, 20, 4), "size": size,
           "offered": get(data, 24, 8), "taken": get(data, 32, 8), "entries": []}
    at = head
    for _ in range(count):
        if size - at < 12:
            raise Refused("T2-14", "the table ends")
        length = get(data, at + 4, 4)
        if length < 12 or length % 4 or length > size - at:
            raise Refused("T2-14", f"size {length}")
        entry = data[at:at + length]
        one = {"type": get(entry, 0, 4), "required": bool(entry[9] & 1), "late": bool(entry[9] & 2),
               "outcome": entry[10], "known": is_known(entry), "offset": at}
        if one["known"]:
            one.update(READERS[one["type"]](entry))
        out["entries"].append(one)
        at += length
    return out


def rsc2_table(data, _given):
    return table(data)


def trace_block(data, given):
    if get(data, 0, 4) != 0x32525459:
        return {"text": b"", "lost": 0}
    size, write, begin = get(data, 4, 4), get(data, 8, 4), get(data, 12, 4)
    if not power_of_two(size, 64, 1 << 31) or 128 + size > number(given["len"]):
        raise Refused("T2-37", f"size {size}")
    r, lost = number(given.get("r", 0)), 0
    if (write - r) % (1 << 32) > size:
        lost, r = (write - size - r) % (1 << 32), (write - size) % (1 << 32)
    newest = begin if (begin - write) % (1 << 32) < 1 << 31 else write
    kept = b""
    while r != write:
        if (newest - r) % (1 << 32) <= size:
            kept += data[128 + r % size:129 + r % size]
        else:
            lost += 1
        r = (r + 1) % (1 << 32)
    return {"text": kept, "lost": lost}


def trace_bell(_data, given):
    old, new, at = (number(given[name]) for name in ("old", "new", "notify_at"))
    return {"ring": (new - at - 1) % (1 << 32) < (new - old) % (1 << 32)}


def power_state(data, _given):
    state = get(data, 0, 4)
    names = ("booting", "running", "suspended", "stopped", "failed")
    return {"state": names[min(state, 4)]}


def trace_write(data, given):
    block, text_ = bytearray(data), octets(given["text"])
    size, old = get(block, 4, 4), get(block, 8, 4)
    new = (old + len(text_)) % (1 << 32)
    for i, byte in enumerate(text_):
        block[128 + (old + i) % size] = byte
    put(block, 12, 4, new)
    put(block, 8, 4, new)
    bell = trace_bell(b"", {"old": old, "new": new, "notify_at": get(block, 68, 4)})
    return {"block": bytes(block), "ring": bell["ring"] and given.get("doorbell", True)}


def power_request(data, given):
    block = bytearray(data)
    wanted = get(block, 68, 4)
    if wanted != get(block, 4, 4):
        raise Refused("T2-48", "a request is under way")
    put(block, 64, 4, number(given["request"]))
    put(block, 68, 4, (wanted + 1) % (1 << 32))
    return {"block": bytes(block), "ring": True}


BOOTING, RUNNING, SUSPENDED, STOPPED = range(4)
RUN, SUSPEND, STOP = 1, 2, 3
MOVES = {(RUNNING, SUSPEND): SUSPENDED, (SUSPENDED, RUN): RUNNING, (BOOTING, STOP): STOPPED,
         (RUNNING, STOP): STOPPED, (SUSPENDED, STOP): STOPPED}


def power_answer(data, given):
    block = bytearray(data)
    state, wanted, request = get(block, 0, 4), get(block, 68, 4), get(block, 64, 4)
    feature = 1 if request == STOP else 2
    if wanted == get(block, 4, 4):
        return {"block": bytes(block), "ring": False}
    if number(given["taken"]) & feature:
        state = MOVES.get((state, request), state)
    put(block, 0, 4, state)
    put(block, 4, 4, wanted)
    return {"block": bytes(block), "ring": True}


def in_force(_data, given):
    version = 2 if number(given["host"]) == 2 else 1
    if version not in given["has"]:
        raise Refused("T2-59")
    return {"version": version}


def tables_agree(_data, given):
    one = decode_table1.entries(octets(given["table1"]))
    two = table(octets(given["table2"]))["entries"]
    known = [[each for each in entries if each["known"]] for entries in (one, two)]
    vdevs = [[(each["id"], each.get("dfeatures", each.get("features", 0)) & LOW,
               [(ring["num"], ring["align"]) for ring in each.get("vrings", each.get("queues"))])
              for each in entries if each["type"] == 3] for entries in known]
    if vdevs[0] != vdevs[1]:
        raise Refused("T2-60", "vdevs")
    memory_ = [{(each["type"], each["name"]): (each["da"], each["len"])
                for each in entries if each["type"] in (0, 1)} for entries in known]
    for name, (da, size) in memory_[0].items():
        if name in memory_[1]:
            other = memory_[1][name]
            if size != other[1] or (da != other[0] and (da, other[0]) != (LOW, ANY)):
                raise Refused("T2-60", f"memory {name[1]}")
    return {"agree": True}


STRUCTURES = {"rsc2_table": rsc2_table, "trace_block": trace_block, "trace_bell": trace_bell,
              "trace_write": trace_write, "power_state": power_state,
              "power_request": power_request, "power_answer": power_answer, "in_force": in_force,
              "tables_agree": tables_agree}
