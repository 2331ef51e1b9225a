# SPDX-License-Identifier: BSD-3-Clause
"""Structures of the extensions (extensions.md): README.md lists what they take and give."""
from decode_messages import header
from wire import Refused, get, number, octets, power_of_two

BUFFERS, GENERATION, CREDITS, BULK, ACK = (1 << bit for bit in (16, 17, 18, 19, 20))
NS_ADDR, CONTROL_ADDR = 53, 54
GRANT, CLOSED, BOUND, RETURN = 1, 2, 3, 4
EXTENSION_OF = {GRANT: CREDITS, CLOSED: CREDITS, BOUND: ACK, RETURN: BULK}
ANY = 0xFFFFFFFFFFFFFFFF
REGION = 24


def ahead(a, b):
    """How far a number is ahead of another one, modulo 2^32; 0 if it is not."""
    distance = (a - b) % 2**32
    return distance if distance < 2**31 else 0


# Control records.

def records(payload, taken):
    """The records of a control message that are handled, in their order (EXT-4, EXT-5)."""
    if not payload or len(payload) % 16:
        raise Refused("EXT-4", f"{len(payload)} bytes")
    for at in range(0, len(payload), 16):
        kind, endpoint, peer, value = (get(payload, at + each, 4) for each in (0, 4, 8, 12))
        if not EXTENSION_OF.get(kind, 0) & taken:
            continue
        if kind == RETURN:
            yield {"kind": kind, "region": endpoint & 0xFFFF, "slot": endpoint >> 16,
                   "written": peer}
        else:
            yield {"kind": kind, "endpoint": endpoint, "peer": peer, "value": value}


def control_message(data, given):
    head = header(data, len(data), 512)
    if head["src"] != CONTROL_ADDR:
        raise Refused("EXT-4", f"from {head['src']}")
    payload, taken = data[16:16 + head["len"]], number(given["taken"])
    if check_header(head, payload, taken):
        raise Refused("EXT-4", "references")
    return {"records": list(records(payload, taken))}


# Messages.

def check_header(head, payload, taken):
    """How many references a message has (BULK-4); without bulk `flags` do not count (MSG-4)."""
    if not taken & BULK:
        return 0
    if head["flags"] & 0xFFF0 or len(payload) < 16 * head["flags"]:
        raise Refused("BULK-4", f"flags {head['flags']:#x}, {len(payload)} bytes")
    return head["flags"]


def extended_message(data, given):
    taken = number(given["taken"])
    room = number(given.get("buffer_size", 512)) if taken & BUFFERS else 512
    head = header(data, number(given.get("length", len(data))), room)
    count = check_header(head, data[16:16 + head["len"]], taken)
    out = {"src": head["src"], "dst": head["dst"], "len": head["len"], "references": count}
    if taken & CREDITS:
        out["number"] = get(data, 8, 4)
    return out


def buffers(_data, given):
    """What the driver provides, for each queue (BUF-2 to BUF-4)."""
    taken = number(given["taken"]) & BUFFERS
    sizes = [number(size) or 512 if taken else 512 for size, _count in given["table"]]
    counts = [number(count) or num for (_size, count), num in zip(given["table"], given["num"])]
    return {"sizes": sizes, "payloads": [size - 16 for size in sizes], "counts": counts}


# The configuration space.

def region(data, at, windows=None):
    da, size, granule = get(data, at, 8), get(data, at + 8, 4), get(data, at + 12, 4)
    slots, lender = get(data, at + 16, 2), get(data, at + 18, 2)
    inside = da == ANY or windows is None or any(
        number(start) <= da and da + size <= number(start) + number(length)
        for start, length in windows)
    if (not power_of_two(granule, 4, 65536) or size == 0 or size % granule
            or (da != ANY and da % granule) or not 1 <= slots <= 1024 or lender > 1 or not inside):
        raise Refused("BULK-1", f"region at {at}")
    return {"da": da, "size": size, "granule": granule, "slots": slots, "lender": lender}


def regions(data, windows=None):
    """The regions of a configuration space (EXT-1, BULK-1)."""
    if len(data) < 20 or len(data) < 20 + REGION * get(data, 16, 4):
        raise Refused("EXT-1", f"{len(data)} bytes")
    return [region(data, 20 + REGION * each, windows) for each in range(get(data, 16, 4))]


def rpmsg_config(data, given):
    offered = number(given["offered"])
    if len(data) < 16:
        raise Refused("EXT-1", f"{len(data)} bytes")
    names = ("driver_generation", "driver_seen", "device_generation", "device_seen")
    out = {name: get(data, 4 * each, 4) for each, name in enumerate(names)}
    if offered & BULK:
        out["region"] = regions(data, given.get("windows"))
    return out


def check_sides(features, data, given):
    """What holds for a side that offers or takes features."""
    if features & (CREDITS | BULK | ACK) and given.get("uses_54"):
        raise Refused("EXT-3")
    if features & CREDITS and min(given.get("buffers", [4])) < 4:
        raise Refused("CRED-8")
    if features & GENERATION and len(data) < 16:
        raise Refused("EXT-1")
    if features & BULK:
        for each in regions(data, given.get("windows")):
            if each["granule"] % given.get("line", 1):
                raise Refused("BULK-13")


def extension_offer(data, given):
    """An image, and what its device offers."""
    offered = number(given["offered"])
    if set(given.get("buffer_sizes", [])) - {0, 512} and not offered & BUFFERS:
        raise Refused("BUF-1")
    check_sides(offered, data, given)
    if any(data[:16]):
        raise Refused("EXT-2")
    return {"offered": offered}


def extension_choice(data, given):
    """What a driver takes."""
    usable = number(given["offered"]) & number(given["known"])
    if "buffer_sizes" not in given:
        usable &= ~BUFFERS
    for bit in (GENERATION, CREDITS, BULK, ACK):
        try:
            check_sides(usable & bit, data, given)
        except Refused:
            usable &= ~bit
    return {"taken": usable if usable & GENERATION else usable & ~BULK}


# Loans.

def loans(payload, count, lent, lender, out):
    """The references of a message. `lent`: the regions. `out`: (region, slot) that are out."""
    found = []
    for at in range(0, 16 * count, 16):
        index, slot = get(payload, at, 2), get(payload, at + 2, 2)
        offset, length, flags = (get(payload, at + each, 4) for each in (4, 8, 12))
        if index >= len(lent):
            raise Refused("BULK-6", f"region {index}")
        where = lent[index]
        if (where["lender"] != lender or slot >= where["slots"]
                or (index, slot) in set(out) | {(each["region"], each["slot"]) for each in found}
                or offset % where["granule"] or length == 0 or offset + length > where["size"]):
            raise Refused("BULK-6", f"slot {slot}, {length} at {offset:#x}")
        found.append({"region": index, "slot": slot, "offset": offset, "length": length,
                      "write": flags & 1 == 1})
    return found


def references(data, given):
    bytes_of_regions = octets(given["regions"])
    lent = [region(bytes_of_regions, at) for at in range(0, len(bytes_of_regions), REGION)]
    out = {(index, slot) for index, slot in given.get("out", [])}
    return {"loans": loans(data, given["count"], lent, given["lender"], out)}


# Numbers.

def generation(data, _given):
    """The number of the run after this one (GEN-1, GEN-6)."""
    return {"next": (get(data, 0, 4) + 1) % 2**32 or 1}


def new_limit(record, limit, sent):
    """A sender's limit after a GRANT or CLOSED (CRED-4, CRED-13). `sent`: the number that is next."""
    value = (record["value"] + (2 if record["kind"] == CLOSED else 0)) % 2**32
    if not ahead(value, limit) or not 1 <= ahead(value, sent) <= 32768:
        raise Refused("CRED-13" if record["kind"] == CLOSED else "CRED-4", f"{value:#x}")
    return value


def grant(data, given):
    record, = records(data, CREDITS)
    return {"limit": new_limit(record, number(given["limit"]), number(given["next"]))}


STRUCTURES = {each.__name__: each for each in (
    control_message, extended_message, buffers, rpmsg_config, extension_offer, extension_choice,
    references, generation, grant)}
