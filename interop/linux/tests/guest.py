# SPDX-License-Identifier: BSD-3-Clause
"""What both paths share: the initramfs, the guest's console and what is read out of it."""
import base64
import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import debian
from initramfs import Archive

LINUX = Path(__file__).resolve().parent.parent
GUEST = LINUX / "guest"
ROOT = LINUX.parents[1]

# What a kernel says when something is wrong with it, or with what we did to it.
COMPLAINTS = re.compile(
    r"WARNING:|BUG:|BUG |Oops|scheduling while atomic|sleeping function called|"
    r"blocked for more than|possible (circular|recursive)|inconsistent lock state|"
    r"suspicious RCU|Kernel panic|workqueue lockup|Internal error:|Unhandled fault|"
    r"Unable to handle kernel")

# Reports on the kernel's own code that any peer brings about. Each is a set of words that one report
# has in it. A blocking write to /dev/rpmsgN takes a mutex in its condition for waiting.
KNOWN = (("do not call blocking ops when !TASK_RUNNING", "get_a_tx_buf"),)


def tests():
    """All numbered tests, by name, in order."""
    return sorted(path.name for path in (GUEST / "tests").iterdir())


def program(name, compiler, folder):
    """A static program of guest/, compiled."""
    built = folder / name
    source = GUEST / f"{name}.c"
    if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
        debian.run(compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-static", "-o", built, source)
    return built


def archive(platform, busybox, compiler, folder, modules, firmware):
    """The initramfs for a path: its platform file, modules and firmware added."""
    result = Archive()
    result.console()
    result.file("init", GUEST / "init")
    result.file("bin/busybox", busybox)
    result.file("yoke/lib", GUEST / "lib")
    result.file("yoke/welcome", GUEST / "welcome")
    result.file("yoke/platform", GUEST / f"platform.{platform}")
    for name in ("rp", "echo_test", "echo_client"):
        result.file(f"bin/{name}", program(name, compiler, folder))
    for name in tests():
        result.file(f"yoke/tests/{name}", GUEST / "tests" / name)
    for module in modules:
        result.file(f"yoke/{Path(module).name}", module)
    for image in firmware:
        result.file(f"lib/firmware/{Path(image).name}", image)
    return result.bytes()


class Console:
    """A guest's console: kept in a file, shown where it matters, judged at its end."""

    def __init__(self, log):
        self.log = log
        self.results = {}  # test -> None, or why it failed
        self.figures = {}  # name -> (value, unit)
        self.files = {}    # name -> bytes
        self.complaints = []
        self.up = None
        self.done = False
        self.encoded = None
        self.report = None
        self.last = 0.0
        self.reset = False  # The guest asked to be killed.

    def _report(self, line):
        """Lines of a report that the kernel marks as one. True if this is one of them."""
        if "[ cut here ]" in line:
            self.report = []
        if self.report is None:
            return False
        self.report.append(line)
        if "---[ end trace" in line:
            text = "\n".join(self.report)
            if not any(all(word in text for word in words) for words in KNOWN):
                self.complaints.append(self.report[1] if len(self.report) > 1 else line)
            self.report = None
        return True

    def _seconds(self):
        """Since the last call."""
        before, self.last = self.last, time.monotonic()
        return f"{self.last - before:.1f}"

    def line(self, line):
        """Takes one line of the console."""
        if self.encoded is not None:
            name, text = self.encoded
            if line == "end file":
                self.files[name] = gzip.decompress(base64.b64decode("".join(text)))
                self.encoded = None
            else:
                text.append(line)
            return
        if self._report(line):
            return
        words = line.split()
        if COMPLAINTS.search(line):
            self.complaints.append(line)
        if words[:2] == ["begin", "file"]:
            self.encoded = (words[2], [])
        elif words[:1] == ["ok"] and len(words) == 2:
            self.results[words[1]] = None
            print(f"  ok      {words[1]} ({self._seconds()} s)", flush=True)
        elif words[:2] == ["not", "ok"]:
            name, _, why = line[len("not ok "):].partition(": ")
            self.results[name] = why
            print(f"  FAILED  {name} ({self._seconds()} s): {why}", flush=True)
        elif words[:1] == ["figure"] and len(words) >= 3:
            self.figures[words[1]] = (words[2], " ".join(words[3:]))
        elif words[:2] == ["yoke:", "up"]:
            self.up = float(words[2])
            self._seconds()
        elif words == ["yoke:", "done"]:
            self.done = True
        elif words == ["yoke:", "reset"]:
            self.done = self.reset = True

    def follow(self, command, timeout, **options):
        """Runs the guest until it ends. Returns the seconds that it took."""
        started = time.monotonic()
        with open(self.log, "ab") as log, subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, **options) as guest:
            # The guest's end is the pipe's end; a guest that hangs is ended here.
            watchdog = subprocess.Popen(  # pylint: disable=consider-using-with
                ["sh", "-c", f"sleep {timeout}; kill -9 -{guest.pid}"], start_new_session=True)
            for raw in guest.stdout:
                log.write(raw)
                self.line(raw.decode(errors="replace").rstrip())
                if self.reset:
                    self.reset = False
                    os.killpg(guest.pid, signal.SIGKILL)
            guest.wait()
            ended = watchdog.poll() is not None
            if not ended:
                subprocess.run(["kill", "--", f"-{watchdog.pid}"], check=False)
            watchdog.wait()
        if self.report:
            self.complaints.append(f"{self.report[:2]}, and no end of it")
            self.report = None
        if ended:
            self.complaints.append(f"the guest did not end within {timeout} s")
        return time.monotonic() - started


def verdict(names, console):
    """Prints figures and what went wrong. Returns 0 if all of the named tests passed."""
    width = max((len(name) for name in console.figures), default=0)
    for name, (value, unit) in console.figures.items():
        print(f"  {name:{width}}  {value:>9} {unit}")
    missing = [name for name in names if name not in console.results]
    for name in missing:
        print(f"  FAILED  {name}: no result")
    for line in console.complaints[:10]:
        print(f"  FAILED  the kernel says: {line}")
    failed = missing or console.complaints or any(console.results.values())
    print(f"console: {console.log}")
    sys.stdout.flush()
    return 1 if failed else 0
