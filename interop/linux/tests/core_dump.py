# SPDX-License-Identifier: BSD-3-Clause
"""Core dumps that Linux made of a coprocessor: registers added, and read back by gdb.

Linux dumps memory only. The registers that the firmware left there are copied into a note, as a
debugger expects them, and then it is a core file like any other.
"""
import re
import struct
import subprocess

PT_LOAD, PT_NOTE = 1, 4
NT_PRSTATUS = 1
ET_CORE = 4
SIGILL, SIGBUS, SIGFPE, SIGSEGV = 4, 7, 8, 11

# Where each command of the app crash faults.
PLACES = {"core-n": "null_dereference", "core-i": "illegal_instruction", "core-s": "stack_overflow"}


class Core:
    """A core file, little endian. What is missing here is for the classes below to say."""
    elf_class = 0
    header = ""       # The ELF header from e_type on, for struct.
    program = ""      # A program header.
    order = ()        # Where type, offset, address, and size in the file are in it.
    word = ""         # A register.
    gdb = "gdb"
    pc = sp = ("", 0) # Their names, and where in the note.

    def __init__(self, data):
        if data[:6] != b"\x7fELF" + bytes((self.elf_class, 1)):
            raise ValueError(f"not an ELF file of class {self.elf_class}")
        self.data = data
        self.head = list(struct.unpack_from(self.header, data, 16))
        if self.head[0] != ET_CORE:
            raise ValueError("not a core file")
        size = struct.calcsize(self.program)
        self.headers = [struct.unpack_from(self.program, data, self.head[4] + size * i)
                        for i in range(self.head[9])]

    def memory(self, da, size):
        """Bytes at a device address."""
        for header in self.headers:
            kind, offset, va, filesz = (header[i] for i in self.order)
            if kind == PT_LOAD and va <= da and da + size <= va + filesz:
                return self.data[offset + da - va:offset + da - va + size]
        raise ValueError(f"no memory at {da:#x} in the dump")

    def registers(self):
        """(signal, registers in the order of a note), as they were left in memory."""
        raise NotImplementedError

    def note(self, signal, registers):
        """An NT_PRSTATUS."""
        raise NotImplementedError

    def _program_header(self, kind, offset, size):
        values = [0] * len(self.headers[0])
        for where, value in zip(self.order, (kind, offset, 0, size)):
            values[where] = value
        return values

    def with_registers(self):
        """The same core file with a note that has the registers."""
        status = self.note(*self.registers())
        note = struct.pack("<III", 5, len(status), NT_PRSTATUS) + b"CORE\0\0\0\0" + status
        # The program headers move to the end, where there is room for one more.
        end = -len(self.data) % 8 + len(self.data)
        headers = [self._program_header(PT_NOTE, end, len(note)), *self.headers]
        table = end + len(note) + -len(note) % 8
        head = list(self.head)
        head[4], head[8], head[9] = table, struct.calcsize(self.program), len(headers)
        head[5] = head[10] = head[11] = head[12] = 0  # No sections.
        packed = struct.pack(self.header, *head)
        result = self.data[:16] + packed + self.data[16 + len(packed):]
        result += bytes(end - len(result)) + note
        result += bytes(table - len(result))
        return result + b"".join(struct.pack(self.program, *header) for header in headers)

    @classmethod
    def check(cls, name, data, firmware, folder):
        """Opens a dump of app crash with gdb. Returns why it is not right, or None."""
        try:
            core = cls(data)
            if name not in PLACES:  # The firmware ended by itself: memory only.
                core.ended()
                return None
            path = folder / name
            path.write_bytes(core.with_registers())
        except ValueError as error:
            return f"{name}: {error}"
        _, registers = core.registers()
        result = subprocess.run(
            [cls.gdb, "-q", "-nx", "-batch", "-ex", f"info registers {cls.pc[0]} {cls.sp[0]}",
             "-ex", "bt 1", "-ex", "x/s board_log", "-ex", "print zero", "-ex", "print one",
             str(firmware), str(path)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        wanted = [rf"#0 .*\b{PLACES[name]}\b", r'"crash: ready to', r"\$1 = 0\b", r"\$2 = 1\b",
                  *(rf"{register}\s+{registers[where]:#x}\b" for register, where in (cls.pc, cls.sp))]
        for pattern in wanted:
            if not re.search(pattern, result.stdout):
                return f"{name}: gdb does not show {pattern!r}; it says: {result.stdout[-600:]}"
        return None

    def ended(self):
        """Raises ValueError unless the dump is one of firmware that ended by itself."""
        raise NotImplementedError


class Process(Core):
    """Board process, x86-64: firmware/boards/process/memory.h."""
    elf_class = 2
    header = "<HHIQQQIHHHHHH"
    program = "<IIQQQQQQ"
    order = (0, 2, 3, 5)
    pc, sp = ("rip", 16), ("rsp", 19)
    control = 0x3F000000
    fault = control + 2 * 64 + 16  # struct board_fault in struct board_control.

    def registers(self):
        signal, _, _, _, count = struct.unpack("<IIQQQ", self.memory(self.fault, 32))
        return signal, struct.unpack("<34Q", self.memory(self.fault + 32, 34 * 8))[:count]

    def note(self, signal, registers):
        return (struct.pack("<iii", signal, 0, 0) + struct.pack("<H", signal) + bytes(2) +
                bytes(16) + struct.pack("<iiii", 1, 1, 1, 1) + bytes(64) +
                struct.pack(f"<{len(registers)}Q", *registers) + bytes(8))

    def ended(self):
        if self.registers()[0] != 0:
            raise ValueError("a signal in the dump of firmware that ended by itself")


class CortexM(Core):
    """Board mps2-an521: the crash record, include/yoke/abi/crash.h."""
    elf_class = 1
    header = "<HHIIIIIHHHHHH"
    program = "<IIIIIIII"
    order = (0, 1, 2, 4)
    gdb = "gdb-multiarch"
    pc, sp = ("pc", 15), ("sp", 13)
    record = 0x80FFF000
    magic = 0x53524359
    exit = 1
    signals = {2: SIGILL, 3: SIGSEGV, 4: SIGSEGV, 5: SIGBUS, 6: SIGFPE, 7: SIGSEGV}

    def _record(self):
        """(cause, pc, sp, lr, psr, x)"""
        magic, version, cause, count = struct.unpack("<IIII", self.memory(self.record, 16))
        if (magic, version) != (self.magic, 1):
            raise ValueError("no crash record in the dump")
        pc, sp, lr, psr = struct.unpack("<QQQQ", self.memory(self.record + 16, 32))
        general = struct.unpack("<32Q", self.memory(self.record + 72, 256))
        return cause, count, pc, sp, lr, psr, general

    def registers(self):
        cause, count, pc, sp, lr, psr, general = self._record()
        if count != 13 or cause not in self.signals:
            raise ValueError(f"a crash record of cause {cause} with {count} registers")
        return self.signals[cause], (*general[:13], sp, lr, pc, psr, 0)

    def note(self, signal, registers):
        return (struct.pack("<iii", signal, 0, 0) + struct.pack("<H", signal) + bytes(2) +
                bytes(8) + struct.pack("<iiii", 1, 1, 1, 1) + bytes(32) +
                struct.pack("<18I", *registers) + bytes(4))

    def ended(self):
        if self._record()[0] != self.exit:
            raise ValueError("the crash record does not say that the firmware ended by itself")
