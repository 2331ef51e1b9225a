# SPDX-License-Identifier: BSD-3-Clause
"""Plays the sequences of the extensions: a side as messages, of model_messages.py and those that
add to it."""
from decode_extensions import CONTROL_ADDR
from decode_sequences import Mismatch, demand
from model_bulk import Lender
from model_credits import Creditor
from model_messages import Announcer
from read import same
from wire import get, octets, put


def pieces(messages):
    """Messages, with control messages cut into one for each record: how many travel together is
    the sender's affair (EXT-6)."""
    for message in messages:
        if get(message, 0, 4) != CONTROL_ADDR or get(message, 4, 4) != CONTROL_ADDR:
            yield message.hex(" ", 4)
            continue
        length = get(message, 12, 2)
        if (message[8:12] != bytes(4) or message[14:16] != bytes(2) or length % 16 or not length or
                len(message) != 16 + length):
            raise Mismatch(f"no control message: {message.hex(' ', 4)}")
        for at in range(16, 16 + length, 16):
            yield "record " + message[at:at + 16].hex(" ", 4)


def call_numbers(peer, messages):
    """Puts the numbers that are the subject's choice into what should be sent. Those that it chose
    get the name that the vector has for them."""
    for each, have in zip(messages, peer.accounts["sent"] + [b""] * len(messages)):
        if isinstance(each, dict):
            name, least = each["call"], each["at least"]
            value = get(have, 8, 4) if len(have) >= 16 else 0
            if (value - least) % 2**32 >= 2**31:
                raise Mismatch(f"the message has the number {value}, should have {least} at least")
            peer.called[name] = value
            each = bytearray(octets(each["bytes"]))
            put(each, 8, 4, value)
            yield bytes(each)
        else:
            yield octets(each)


def add_called(peer, message, name):
    """A message with a control record, to the value of which a number is added."""
    message = bytearray(octets(message))
    put(message, 28, 4, (get(message, 28, 4) + peer.called[name]) % 2**32)
    return message.hex()


def expect(peer, want):
    unknown = set(want) - set(peer.accounts) - set(peer.states) - {"state"}
    assert not unknown, f"cannot expect {unknown}"
    for key, have in peer.accounts.items():
        should = want.get(key, [])
        if key == "sent":
            demand(key, list(pieces(have)), list(pieces(call_numbers(peer, should))))
        elif not same(should, have):
            raise Mismatch(f"{key}: is {have!r}, should be {should!r}")
        have.clear()
    if "state" in want:
        demand("state", peer.state, want["state"])
    for key, now in peer.states.items():
        if key in want and (not same(want[key], now())
                            or isinstance(now(), dict) and len(want[key]) != len(now())):
            raise Mismatch(f"{key}: is {now()!r}, should be {want[key]!r}")


def play_step(peer, step, parts):
    kind = next(iter(step))
    if kind == "play":
        for each in parts[step[kind]]:
            play_step(peer, each, parts)
    elif kind == "expect":
        expect(peer, step[kind])
    else:
        act = getattr(peer, "do_" + kind.replace(" ", "_"), None)
        assert act, f"there is no step {kind!r}"
        value = step[kind]
        result = act(add_called(peer, value, step["plus"]) if "plus" in step else value)
        if "result" in step:
            demand(f"result of {kind}", result, step["result"])


def player(kind):
    def play(vector, parts):
        last = vector["steps"][-1]
        while "play" in last:
            last = parts[last["play"]][-1]
        assert "expect" in last, "the last step has to expect something"
        peer = kind(vector.get("setup", {}))
        for count, step in enumerate(vector["steps"]):
            try:
                play_step(peer, step, parts)
            except Mismatch as mismatch:
                return f"step {count}: {mismatch}"
        return None
    return play


SUBJECTS = {"acknowledgement": player(Announcer), "credits": player(Creditor),
            "bulk": player(Lender)}
