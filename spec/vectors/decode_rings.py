# SPDX-License-Identifier: BSD-3-Clause
"""Rings: layout, chains of descriptors, doorbells (base.md, 4)."""
from wire import Refused, get, number, power_of_two

NEXT, WRITE, INDIRECT = 1, 2, 4


def layout(num, align):
    """Offsets of the available and used parts, and the size of the whole (4.1)."""
    if not power_of_two(num, 2, 32768) or not power_of_two(align, 4, 65536):
        raise Refused("RING-1", f"num {num}, align {align}")
    used = -(-(16 * num + 6 + 2 * num) // align) * align
    return 16 * num, used, used + 6 + 8 * num


def vring(_data, given):
    avail, used, size = layout(number(given["num"]), number(given["align"]))
    return {"avail": avail, "used": used, "size": size}


def inside(windows, address, size):
    """Whether all bytes lie in one window. Sums do not wrap here: integers have no end."""
    return any(start <= address and address + size <= start + length for start, length in windows)


def follow(fetch, table, num, head, indirect, windows):
    """The buffers of a chain, as [address, length, device writes]. `fetch(address)` gives the 16
    bytes of a descriptor."""
    parts, at, size, nested, steps = [], head, num, False, 0
    while True:
        if at >= size:
            raise Refused("RING-6", "next is beyond the table")
        descriptor = fetch(table + 16 * at)
        address, length = get(descriptor, 0, 8), get(descriptor, 8, 4)
        flags, at = get(descriptor, 12, 2), get(descriptor, 14, 2)
        if flags & INDIRECT:
            if not indirect or nested or flags & NEXT or length == 0 or length % 16:
                raise Refused("RING-8")
            if address % 16 or address == table:
                raise Refused("RING-9")
            if not inside(windows, address, length):
                raise Refused("RING-3", "the indirect table is elsewhere")
            table, at, size, nested = address, 0, length // 16, True
            continue
        steps += 1
        if steps > num:
            raise Refused("RING-6", "the chain is too long")
        if not inside(windows, address, length):
            raise Refused("RING-3", f"{length} bytes at {address:#x}")
        write = bool(flags & WRITE)
        if parts and parts[-1][2] and not write:
            raise Refused("RING-7")
        parts.append([address, length, write])
        if not flags & NEXT:
            return parts


def chain(data, given):
    base = number(given.get("ring_pa", 0x1000))
    windows = [tuple(map(number, window)) for window in given["windows"]]

    def fetch(address):
        return data[address - base:address - base + 16]

    return {"parts": follow(fetch, base, number(given["num"]), number(given["head"]),
                            given.get("indirect", False), windows)}


def wants_bell(old, new, flags, event):
    """Whether a side that moved its idx has to ring: `event` is None without EVENT_IDX."""
    if event is None:
        return not flags & 1
    return (new - event - 1) % 65536 < (new - old) % 65536


def kick(_data, given):
    event = number(given["event"]) if "event" in given else None
    return {"kick": wants_bell(number(given["old"]), number(given["new"]),
                               number(given.get("flags", 0)), event)}


STRUCTURES = {"vring": vring, "chain": chain, "kick": kick}
