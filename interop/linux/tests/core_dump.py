# SPDX-License-Identifier: BSD-3-Clause
"""Core dumps that Linux made of a coprocessor: registers added, and read back by gdb.

Linux dumps memory only. The registers that the firmware left there are copied into a note, as a
debugger expects them, and then it is a core file like any other.
"""
import re
import struct
import subprocess

CONTROL_DA = 0x3F000000
# Offset of struct board_fault in struct board_control, firmware/boards/process/memory.h.
FAULT = 2 * 64 + 16
PT_LOAD, PT_NOTE = 1, 4
NT_PRSTATUS = 1


class Core64:
    """An ELF64 core file, little endian."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 16)[0] != 4:
            raise ValueError("not an ELF64 core file")
        self.data = data
        self.offset, = struct.unpack_from("<Q", data, 32)
        self.count, = struct.unpack_from("<H", data, 56)
        self.headers = [list(struct.unpack_from("<IIQQQQQQ", data, self.offset + 56 * i))
                        for i in range(self.count)]

    def memory(self, da, size):
        """Bytes at a device address."""
        for kind, _, offset, va, _, filesz, _, _ in self.headers:
            if kind == PT_LOAD and va <= da and da + size <= va + filesz:
                return self.data[offset + da - va:offset + da - va + size]
        raise ValueError(f"no memory at {da:#x} in the dump")

    def registers(self):
        """(signal, registers in the order of a note), as the firmware left them."""
        fault = self.memory(CONTROL_DA + FAULT, 32 + 34 * 8)
        signal, _, _, _, count = struct.unpack_from("<IIQQQ", fault)
        return signal, struct.unpack_from(f"<{min(count, 34)}Q", fault, 32)

    def with_registers(self):
        """The same core file with a note that has the registers."""
        signal, registers = self.registers()
        status = (struct.pack("<iii", signal, 0, 0) + struct.pack("<H", signal) + bytes(2) +
                  bytes(16) + struct.pack("<iiii", 1, 1, 1, 1) + bytes(64) +
                  struct.pack(f"<{len(registers)}Q", *registers) + bytes(8))
        note = struct.pack("<III", 5, len(status), NT_PRSTATUS) + b"CORE\0\0\0\0" + status
        # The program headers move to the end, where there is room for one more.
        end = -len(self.data) % 8 + len(self.data)
        headers = [[PT_NOTE, 0, end, 0, 0, len(note), 0, 4], *self.headers]
        table = end + len(note) + -len(note) % 8
        head = bytearray(self.data[:64])
        struct.pack_into("<Q", head, 32, table)
        struct.pack_into("<H", head, 54, 56)
        struct.pack_into("<H", head, 56, len(headers))
        struct.pack_into("<Q", head, 40, 0)  # No sections.
        struct.pack_into("<HHH", head, 58, 0, 0, 0)
        result = bytes(head) + self.data[64:] + bytes(end - len(self.data)) + note
        result += bytes(table - len(result))
        return result + b"".join(struct.pack("<IIQQQQQQ", *header) for header in headers)


# Where each command of the app faults.
PLACES = {"core-n": "null_dereference", "core-i": "illegal_instruction", "core-s": "stack_overflow"}


def check(name, data, firmware, folder):
    """Opens a dump with gdb. Returns why it is not right, or None."""
    try:
        core = Core64(data)
        if name not in PLACES:  # The firmware ended by itself: memory only.
            core.memory(CONTROL_DA, 8)
            return None
        path = folder / name
        path.write_bytes(core.with_registers())
    except ValueError as error:
        return f"{name}: {error}"
    result = subprocess.run(
        ["gdb", "-q", "-nx", "-batch", "-ex", "info registers rip rsp", "-ex", "bt 1",
         "-ex", "x/s board_log", "-ex", "print zero", "-ex", "print one", str(firmware),
         str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    wanted = [rf"#0 .*\b{PLACES[name]}\b", r'"crash: ready to', r"\b1\b"]
    _, registers = core.registers()
    wanted.append(rf"rip\s+{registers[16]:#x}\b")
    wanted.append(rf"rsp\s+{registers[19]:#x}\b")
    for pattern in wanted:
        if not re.search(pattern, result.stdout):
            return f"{name}: gdb does not show {pattern!r}; it says: {result.stdout[-600:]}"
    return None
