# SPDX-License-Identifier: BSD-3-Clause
"""What the modules share: the notation of numbers and bytes, and little endian fields."""
import functools
import re

WORD = re.compile(r"'([^' ]*)'|([0-9a-fA-F]{2})\*([0-9]+)|((?:[0-9a-fA-F]{2})+)")


class Refused(Exception):
    """Something breaks a rule and has to be refused."""

    def __init__(self, rule, why=""):
        super().__init__(f"{rule} {why}".strip())
        self.rule = rule


def number(value):
    return int(value, 0) if isinstance(value, str) else value


def octets(value):
    """The bytes that a string, or a list of strings, of the notation means."""
    return b"".join(map(octets, value)) if isinstance(value, list) else words(value)


@functools.lru_cache
def words(line):
    out = b""
    for word in line.split():
        match = WORD.fullmatch(word)
        if not match:
            raise ValueError(f"{word!r} is not in the notation of bytes")
        text, repeated, times, pairs = match.groups()
        if pairs:
            out += bytes.fromhex(pairs)
        elif repeated:
            out += bytes.fromhex(repeated) * int(times)
        else:
            out += text.encode("ascii")
    return out


def get(data, at, size):
    """A little endian field of `size` bytes."""
    field = data[at:at + size]
    assert at >= 0 and len(field) == size
    return int.from_bytes(field, "little")


def put(data, at, size, value):
    assert 0 <= at and at + size <= len(data)
    data[at:at + size] = value.to_bytes(size, "little")


def power_of_two(value, least, most):
    return least <= value <= most and value & (value - 1) == 0


def text(data, rule, empty=True):
    """A name of 32 bytes, up to its NUL."""
    name = data[:32].split(b"\0")[0]
    if len(name) == 32 or not (name or empty):
        raise Refused(rule, "a name has to end, and not at once")
    return name.decode("latin-1")
