# SPDX-License-Identifier: BSD-3-Clause
"""The resource table of version 1 (table-1.md)."""
from decode_rings import layout
from wire import Refused, get, text

ANY = 0xFFFFFFFF
SIZES = {0: 56, 1: 56, 2: 48, 3: 28}


def check_range(rule, da, size):
    if size == 0 or da + size > 1 << 32:
        raise Refused(rule, f"{size} bytes at {da:#x}")


def memory(entry):
    type_, da, pa, size, flags, reserved = (get(entry, at, 4) for at in range(0, 24, 4))
    if reserved:
        raise Refused("T1-10")
    if type_ == 1 or da != ANY:
        check_range("T1-14" if type_ else "T1-12", da, size)
    elif size == 0:
        raise Refused("T1-12", "len 0")
    return {"da": da, "pa": pa, "len": size, "flags": flags, "name": text(entry[24:], "T1-9")}


def trace(entry):
    da, size, reserved = (get(entry, at, 4) for at in range(4, 16, 4))
    if reserved:
        raise Refused("T1-10")
    check_range("T1-15", da, size)
    return {"da": da, "len": size, "name": text(entry[16:], "T1-9")}


def vdev(entry):
    names = ("id", "notifyid", "dfeatures", "gfeatures", "config_len")
    out = {name: get(entry, 4 + 4 * i, 4) for i, name in enumerate(names)}
    out["status"], queues = entry[24], entry[25]
    if get(entry, 26, 2):
        raise Refused("T1-10")
    if 28 + 20 * queues + out["config_len"] > len(entry):
        raise Refused("T1-17")
    out["vrings"] = []
    for at in range(28, 28 + 20 * queues, 20):
        ring = {name: get(entry, at + 4 * i, 4)
                for i, name in enumerate(("da", "align", "num", "notifyid", "pa"))}
        try:
            layout(ring["num"], ring["align"])
        except Refused:
            raise Refused("T1-19", f"num {ring['num']}, align {ring['align']}") from None
        out["vrings"].append(dict(ring, at=at))
    out["config"] = bytes(entry[28 + 20 * queues:28 + 20 * queues + out["config_len"]])
    out["size"] = 28 + 20 * queues + out["config_len"]
    return out


READERS = {0: memory, 1: memory, 2: trace, 3: vdev}


def entries(data):
    """All entries, in the order of their offsets' numbers."""
    if len(data) < 16 or get(data, 0, 4) != 1 or get(data, 8, 8):
        raise Refused("T1-3")
    count = get(data, 4, 4)
    head = 16 + 4 * count
    if head > len(data):
        raise Refused("T1-4")
    offsets = [get(data, 16 + 4 * i, 4) for i in range(count)]
    if any(at < head or at >= len(data) or at % 4 for at in offsets):
        raise Refused("T1-5")
    out = []
    for number, at in enumerate(offsets):
        # What is there up to the next entry, or to the end.
        end = min([other for i, other in enumerate(offsets) if i != number and other >= at],
                  default=len(data))
        if end - at < 4:
            raise Refused("T1-6")
        type_ = get(data, at, 4)
        entry = {"type": type_, "known": type_ in READERS, "offset": at}
        if type_ in READERS:
            if end - at < SIZES[type_]:
                raise Refused("T1-6")
            try:
                entry.update(READERS[type_](data[at:end]))
            except Refused as refusal:
                # A vdev that would fit into the table runs into the next entry.
                if refusal.rule == "T1-17" and end != len(data):
                    raise Refused("T1-6") from None
                raise
        out.append(entry)
    return out


def rsc_table(data, _given):
    return {"entries": entries(data)}


def trace_text(data, _given):
    return {"text": bytes(data).split(b"\0")[0]}


STRUCTURES = {"rsc_table": rsc_table, "trace_text": trace_text}
