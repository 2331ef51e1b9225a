# SPDX-License-Identifier: BSD-3-Clause
"""Messages, announcements, addresses (base.md, 5 to 7)."""
from wire import Refused, get, number, text


def header(data, length, room):
    """A message in `length` bytes, in a buffer of `room`."""
    if length < 16:
        raise Refused("MSG-8", "no room for a header")
    src, dst, size, flags = get(data, 0, 4), get(data, 4, 4), get(data, 12, 2), get(data, 14, 2)
    if size > min(length, room) - 16:
        raise Refused("MSG-8", f"len {size} of {length} bytes")
    return {"src": src, "dst": dst, "len": size, "flags": flags}


def rpmsg_header(data, given):
    return header(data, number(given["length"]), number(given.get("buffer", 512)))


def rpmsg_ns(data, _given):
    if len(data) != 40:
        raise Refused("NS-4", f"{len(data)} bytes")
    name, addr, flags = text(data, "NS-4", empty=False), get(data, 32, 4), get(data, 36, 4)
    if flags > 1 or addr == 0xFFFFFFFF:
        raise Refused("NS-4")
    return {"name": name, "addr": addr, "create": flags == 0}


def address(data, _given):
    value = get(data, 0, 4)
    if value == 0xFFFFFFFF:
        raise Refused("ADDR-4")
    return {"kind": "names" if value == 53 else "fixed" if value < 1024 else "dynamic"}


STRUCTURES = {"rpmsg_header": rpmsg_header, "rpmsg_ns": rpmsg_ns, "address": address}
