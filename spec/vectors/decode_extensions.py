# SPDX-License-Identifier: BSD-3-Clause
"""Structures of the extensions (extensions.md): README.md lists what they take and give."""
from decode_messages import header
from wire import Refused, get, number

BUFFERS, GENERATION, CREDITS, BULK, ACK = (1 << bit for bit in (16, 17, 18, 19, 20))
CONTROL_ADDR = 54
GRANT, CLOSED, BOUND, RETURN = 1, 2, 3, 4
EXTENSION_OF = {GRANT: CREDITS, CLOSED: CREDITS, BOUND: ACK, RETURN: BULK}


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


def check_header(head, payload, taken):
    """How many references a message has (BULK-4); without bulk `flags` do not count (MSG-4)."""
    if not taken & BULK:
        return 0
    if head["flags"] & 0xFFF0 or len(payload) < 16 * head["flags"]:
        raise Refused("BULK-4", f"flags {head['flags']:#x}, {len(payload)} bytes")
    return head["flags"]


def control_message(data, given):
    head = header(data, len(data), 512)
    if head["src"] != CONTROL_ADDR:
        raise Refused("EXT-4", f"from {head['src']}")
    return {"records": list(records(data[16:16 + head["len"]], number(given["taken"])))}


STRUCTURES = {"control_message": control_message}
