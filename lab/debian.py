# SPDX-License-Identifier: BSD-3-Clause
"""Debian packages by name, of any architecture, in a cache; nothing is installed.

The machine's own package sources are asked, with lists and state of their own: the machine's state
stays as it is, and root is not needed. What is in the cache is not asked for again, so that
everything works offline afterwards.
"""
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL_ARCHITECTURES = {"arm64": "arm64", "armhf": "arm"}  # As the kernel's makefiles call them.
CACHE = Path(os.environ.get("YOKE_CACHE_DIR", ROOT / "build/cache")).resolve() / "lab"


def run(*command, **options):
    """Runs a command; its output is shown only if it fails."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode != 0:
        raise SystemExit(f"failed: {' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def need(*packages):
    """Installs the packages, as PROBE=PACKAGE, whose probe is missing: see scripts/setup.sh."""
    run("bash", "-c", 'exec 3>&2; source "$0"; need_packages "$@"', ROOT / "scripts/setup.sh",
        *packages, cwd=ROOT)


class Packages:
    """Packages for one architecture, unpacked over one another in `root`."""

    def __init__(self, architecture):
        self.architecture = architecture
        self.base = CACHE / architecture
        self.root = self.base / "root"
        self.native = run("dpkg", "--print-architecture").strip()
        self.lists_are_fresh = False
        self.options = [
            "-q", "-o", f"APT::Architecture={architecture}",
            "-o", f"APT::Architectures::={architecture}",
            "-o", f"APT::Architectures::={self.native}",
            "-o", f"Dir::Etc::sourceparts={self.base}/apt/sources",
            "-o", "Dir::Etc::sourcelist=/dev/null",
            "-o", f"Dir::State={self.base}/apt", "-o", f"Dir::State::lists={self.base}/apt/lists",
            "-o", f"Dir::State::status={self.base}/apt/status", "-o", f"Dir::Cache={self.base}/apt",
            "-o", "Acquire::Languages=none", "-o", f"APT::Sandbox::User={os.environ.get('USER', 'root')}",
        ]
        self.root.mkdir(parents=True, exist_ok=True)
        (self.base / "have").mkdir(exist_ok=True)
        self.lock = open(self.base / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)  # until this object is gone

    def __del__(self):
        self.lock.close()

    def _update(self):
        if self.lists_are_fresh:
            return
        apt = self.base / "apt"
        shutil.rmtree(apt / "sources", ignore_errors=True)
        for folder in ("sources", "lists/partial", "archives/partial"):
            (apt / folder).mkdir(parents=True, exist_ok=True)
        (apt / "status").touch()
        etc = Path("/etc/apt")
        for file in [etc / "sources.list", *etc.glob("sources.list.d/*.list"),
                     *etc.glob("sources.list.d/*.sources")]:
            # Debian's own only: others need not have this architecture.
            if file.is_file() and "debian" in file.read_text():
                shutil.copy(file, apt / "sources")
        # A mirror that is being updated has some lists wrong: apt leaves those out, and says so.
        # What is wanted may be in the others; if not, the download says which package is missing.
        result = subprocess.run(["apt-get", *self.options, "update"], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False)
        if result.returncode != 0:
            if not any((apt / "lists").glob("*_Packages*")):
                raise SystemExit(f"no package lists:\n{result.stdout}")
            print("some package lists could not be fetched; using the others", file=sys.stderr)
        self.lists_are_fresh = True

    def depends(self, name):
        """Names that a package depends on directly; of a cached one, as they were then."""
        note = self.base / "have" / f"{name}.depends"
        if not note.exists():
            self._update()
            lines = run("apt-cache", *self.options[1:], "depends", name).splitlines()
            note.write_text("\n".join(line.split(": ", 1)[1] for line in lines
                                      if line.strip().startswith("Depends: ")) + "\n")
        return note.read_text().split()

    def fetch(self, *names):
        """Fetches and unpacks packages ("name" or "name:architecture"). Returns the root."""
        have = self.base / "have"
        missing = [name for name in names if not (have / name).exists()]
        if missing:
            self._update()
            debs = self.base / "debs"
            debs.mkdir(exist_ok=True)
            run("apt-get", *self.options, "download", *missing, cwd=debs)
            for name in missing:
                deb = max(debs.glob(f"{name.split(':')[0]}_*.deb"), key=os.path.getmtime)
                run("dpkg-deb", "-x", deb, self.root)
                (have / name).write_text(deb.name + "\n")
        return self.root

    def build_modules(self, release, compiler, folder, *words):
        """Builds the modules in `folder` for the kernel of that release, and strips them."""
        headers = f"linux-headers-{release}"
        needed = [name for name in self.depends(headers) if name.startswith("linux-")]
        common, = (name for name in needed if name.endswith("-common"))
        tools, = (name for name in needed if name.startswith("linux-kbuild"))
        root = self.fetch(headers, common, f"{tools}:{self.native}")
        tree = root / "usr/src" / headers
        (tree / "Makefile").write_text(f"include {root}/usr/src/{common}/Makefile\n")
        run("make", "-s", "-C", tree, f"M={folder}", f"ARCH={KERNEL_ARCHITECTURES[self.architecture]}",
            f"CROSS_COMPILE={compiler}", f"CC={compiler}gcc", "KCFLAGS=-Werror", *words, "modules")
        for module in folder.glob("*.ko"):
            run(f"{compiler}strip", "-g", module)
