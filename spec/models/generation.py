# SPDX-License-Identifier: BSD-3-Clause
"""Extension *generation*: extensions.md, section 3. Either side dies or restarts between any two of
its accesses to memory, the host also by loading the firmware anew.

What must hold:
- the device uses rings only while they are those that were made for this run of both sides,
- and no rings are made while it uses the old ones,
- and it begins with one pair of rings only once: so nothing is delivered twice,
- if nobody dies any more, the link comes up, though both sides sleep until a doorbell rings.
"""
from collections import namedtuple

from explore import Broken

# Shared memory: status, four generation words, and which runs the rings were made for, or None.
# Driver: where it is, its own generation, the device's, the value to overlook. Device: where it is,
# its own generation, the driver's, what it has just read (of one or both words), the rings that it
# uses. `rung`: doorbells that the driver and the device have not seen yet. `begun`: rings that a
# device has begun with. `deaths`: how many deaths each side may still have.
State = namedtuple("State", "status driver_generation driver_seen device_generation device_seen "
                            "rings driver g e overlook device d p read uses rung begun deaths")

# What a model leaves out to show that it is needed.
VARIANTS = {
    "": "as specified",
    "no-wait": "the driver does not wait for device_seen",
    "old-number": "a driver that restarts keeps its generation",
    "no-seen": "the device does not compare driver_seen",
    "same-number": "a device that restarts keeps its generation",
    "status-first": "the device reads status before driver_generation, and looks only once",
    "no-look": "the driver does not look at device_generation while the link is up",
    "answer-first": "the device answers before it has let go",
    "no-second-look": "the device waits after it has answered",
    "no-ring": "the device does not ring when it has restarted",
}


class Generation:
    """The model, or one of its broken variants."""

    def __init__(self, variant=""):
        self.variant = variant

    def start(self):
        """Memory as loaded, both sides dead."""
        return State(0, 0, 0, 0, 0, None, "dead", 0, 0, None, "dead", 0, None, (), None, (0, 0),
                     frozenset(), (1 if self.variant else 2, 2))

    def good(self, state):
        """The link is up on both sides."""
        return (state.driver == "up" and state.uses is not None
                and state.uses == state.rings == (state.g, state.e))

    def steps(self, state):
        """All that may happen next."""
        yield from self.driver(state)
        yield from self.device(state)
        drivers, devices = state.deaths
        if state.driver != "dead" and drivers:
            yield "driver dies", True, state._replace(
                driver="dead", g=0, e=0, overlook=None, rung=(0, state.rung[1]),
                deaths=(drivers - 1, devices))
        if state.driver == "up" and drivers:
            yield "driver restarts the link", True, state._replace(
                driver="reset", deaths=(drivers - 1, devices))
        if state.device not in ("dead", "halted") and devices:
            yield "device dies", True, state._replace(
                device="dead", d=0, p=None, read=(), uses=None, rung=(state.rung[0], 0),
                deaths=(drivers, devices - 1))
        halted = state.device == "halted"
        if state.driver == "dead" and (devices or halted):
            # The core is halted, the image loaded anew, and the rings are ready before its start.
            yield "host loads the firmware", not halted, State(
                0, 0, 0, 0, 0, None, "made", 1, 1, 0, "halted", 0, None, (), None, (0, 0),
                frozenset(), (drivers, devices - (not halted)))

    def driver(self, state):
        """The next access of the driver, by GEN-6 to GEN-10."""
        at = state.driver
        if at == "dead" and state.device != "halted":
            yield "driver starts", False, state._replace(driver="reset")
        elif at == "reset":
            yield "status = 0", False, state._replace(status=0, driver="number", overlook=None)
        elif at == "number":
            same = self.variant == "old-number" and state.driver_generation
            yield "reads driver_generation", False, state._replace(
                g=state.driver_generation + (0 if same else 1), driver="store")
        elif at == "store":
            yield "driver_generation = g", False, state._replace(
                driver_generation=state.g, driver="ring")
        elif at in ("ring", "ring ready"):
            yield "driver rings", False, state._replace(
                driver="wait" if at == "ring" else "up", rung=(state.rung[0], 1))
        elif at == "wait":
            answered = state.device_seen == state.g or self.variant == "no-wait"
            yield "reads device_seen", False, state._replace(
                driver="seen" if answered else "wait", rung=(0, state.rung[1]))
        elif at == "seen":
            yield "reads device_generation", False, state._replace(
                e=state.device_generation, driver="tell")
        elif at == "tell":
            yield "driver_seen = e", False, state._replace(driver_seen=state.e, driver="rings")
        elif at in ("rings", "made"):
            if state.uses is not None:
                raise Broken("rings are made while the device uses the old ones")
            seen = state.e if at == "made" else state.driver_seen
            number = state.g if at == "made" else state.driver_generation
            yield "makes rings", False, state._replace(
                rings=(state.g, state.e), driver="ready", driver_seen=seen,
                driver_generation=number)
        elif at == "ready":
            yield "status = 7", False, state._replace(
                status=7, driver="up" if state.device == "halted" else "ring ready",
                device="dead" if state.device == "halted" else state.device)
        elif at == "up" and state.rung[0]:
            state = state._replace(rung=(0, state.rung[1]))
            seen = state.device_generation
            if seen in (state.e, state.overlook) or self.variant == "no-look":
                overlook = None if seen == state.e else state.overlook
                yield "driver looks", False, state._replace(overlook=overlook)
            else:
                yield "driver sees a restart", False, state._replace(driver="reset")

    def device(self, state):
        """The next access of the device, by GEN-1 to GEN-5."""
        at = state.device
        if at == "dead":
            same = self.variant == "same-number" and state.device_generation
            d = state.device_generation if same else state.device_generation + 1
            yield "device reads device_generation", False, state._replace(d=d, device="store")
        elif at == "store":
            ring = state.device_generation and self.variant != "no-ring"
            yield "device_generation = d", False, state._replace(
                device_generation=state.d, device="ring" if ring else "look")
        elif at == "ring":
            yield "device rings", False, state._replace(device="look", rung=(1, state.rung[1]))
        elif at == "sleep" and state.rung[1]:
            yield "device wakes", False, state._replace(device="look", rung=(state.rung[0], 0))
        elif at == "look":
            if state.uses is not None and state.uses != state.rings:
                raise Broken("the device uses rings that are no more")
            first = "status" if self.variant == "status-first" else "driver_generation"
            yield f"device reads {first}", False, state._replace(
                device="second", read=(getattr(state, first),))
        elif at == "second":
            second = "driver_generation" if self.variant == "status-first" else "status"
            yield f"device reads {second}", False, state._replace(
                device="judge", read=state.read + (getattr(state, second),))
        elif at == "judge":
            status, g = state.read if self.variant == "status-first" else state.read[::-1]
            if status != 7 or g != state.p:
                kept = state.uses if self.variant == "answer-first" else None
                yield "device goes down", False, state._replace(
                    device="answer", p=g, uses=kept, read=(status,))
            elif state.uses is None:
                yield "device sees live", False, state._replace(device="compare", read=())
            else:
                yield "device uses its rings", False, state._replace(device="sleep", read=())
        elif at == "answer":
            again = state.read == (7,) or state.device_seen != state.p
            ring = "ring" if state.device_seen != state.p else "look"
            after = ring if again and self.variant != "no-second-look" else "sleep"
            if self.variant == "status-first" and state.read == (7,):
                after = "compare"
            yield "device_seen = p", False, state._replace(
                device_seen=state.p, device="let go" if state.uses is not None else after, read=())
        elif at == "let go":
            yield "device lets go", False, state._replace(uses=None, device="look")
        elif at == "compare":
            ready = state.driver_seen == state.d or self.variant == "no-seen"
            yield "device reads driver_seen", False, state._replace(
                device="begin" if ready else "sleep")
        elif at == "begin":
            if state.rings != (state.p, state.d):
                raise Broken("the device begins with rings of another run")
            if state.rings in state.begun:
                raise Broken("the device begins with the same rings twice")
            yield "ready point", False, state._replace(
                device="look", uses=state.rings, begun=state.begun | {state.rings})
