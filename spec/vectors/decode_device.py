# SPDX-License-Identifier: BSD-3-Clause
"""The virtio device: its status, features and vdev entry (base.md, 3)."""
from wire import Refused, get, number

BASE_FEATURES = 1 | 1 << 28 | 1 << 29


def is_live(status):
    return status & 0x07 == 0x07 and not status & 0xC0


def status(data, _given):
    return {"live": is_live(data[0])}


def status_change(data, _given):
    """The driver's way is 0, 1, 3, 7; 0 at any time, and bit 7 may be added (VDEV-4)."""
    old, new = data
    ways = {0: 1, 1: 3, 3: 7}
    if new != 0 and new != ways.get(old) and new != old | 0x80:
        raise Refused("VDEV-4", f"{old} to {new}")
    return {"allowed": True}


def features(data, given):
    taken = get(data, 0, 4)
    if taken & ~number(given["offered"]):
        raise Refused("VDEV-7", f"{taken:#x}")
    return {"taken": taken}


def choose(_data, given):
    """What a driver takes, and what it must not even if it is offered (VDEV-6, VDEV-9)."""
    usable = 0x00FFFFFF | 1 << 28 | 1 << 29
    return {"taken": number(given["offered"]) & number(given["known"]) & usable}


def vdev(data, given):
    size = number(given.get("size", len(data)))
    if size < 28 or get(data, 0, 4) != 3:
        raise Refused("T1-17", "not a vdev")
    queues, config = data[25], get(data, 20, 4)
    if 28 + 20 * queues + config > size:
        raise Refused("T1-17", "it does not end inside")
    return {"id": get(data, 4, 4), "dfeatures": get(data, 12, 4), "queues": queues,
            "config_len": config}


STRUCTURES = {"status": status, "status_change": status_change, "features": features,
              "choice": choose, "vdev": vdev}
