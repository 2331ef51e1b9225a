# SPDX-License-Identifier: BSD-3-Clause
"""Archives that Linux takes as an initramfs (cpio, "newc"). Several can follow one another."""
import gzip
import os
import stat
from pathlib import Path


class Archive:
    """An archive under construction. Everything in it belongs to root."""

    def __init__(self):
        self.parts = []
        self.number = 0
        self.folders = set()

    def _entry(self, name, mode, data, device=(0, 0)):
        self.number += 1
        encoded = name.encode() + b"\0"
        fields = [self.number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self.parts.append(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))

    def folder(self, name):
        """Adds a folder and those above it."""
        if name and name not in self.folders:
            self.folder(os.path.dirname(name))
            self.folders.add(name)
            self._entry(name, stat.S_IFDIR | 0o755, b"")

    def file(self, name, data, mode=0o755):
        """Adds a file: `data` is its bytes, or the path of a file to copy."""
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode,
                    data if isinstance(data, bytes) else Path(data).read_bytes())

    def tree(self, folder):
        """Adds all that is below a folder, with its modes and links."""
        for path in sorted(Path(folder).rglob("*")):
            name = str(path.relative_to(folder))
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                self.folder(os.path.dirname(name))
                self._entry(name, stat.S_IFLNK | 0o777, os.readlink(path).encode())
            elif stat.S_ISDIR(mode):
                self.folder(name)
            elif stat.S_ISREG(mode):
                self.file(name, path, stat.S_IMODE(mode))
            else:
                raise SystemExit(f"{path}: neither file, folder nor link")

    def console(self):
        """Adds /dev/console, which /init writes to before it has mounted anything."""
        self.folder("dev")
        self._entry("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1))

    def bytes(self):
        """The archive, compressed."""
        self._entry("TRAILER!!!", 0, b"")
        packed = gzip.compress(b"".join(self.parts), compresslevel=1, mtime=0)
        self.parts.pop()
        return packed
