#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The checker's rules are those of the documents it reads: the same labels, in order, in their
sections."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("spec/base.md", "spec/extensions.md")


def written():
    """[(label, section)] as the documents have them."""
    section, rules = "", []
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS)
    for line in text.splitlines():
        heading = re.match(r"#+ (\d+(?:\.\d+)?) ", line)
        rule = re.match(r"\*\*\[([A-Z0-9]+-\d+)\]\*\*", line)
        if heading:
            section = heading[1]
        elif rule:
            rules.append((rule[1], section))
    return rules


def listed():
    """The same as the checker has them."""
    return re.findall(r'^    \{"([A-Z]+-\d+)", "([\d.]+)", \{',
                      (ROOT / "conform/rules.c").read_text(encoding="utf-8"), re.MULTILINE)


def main():
    """Returns an exit code."""
    document, checker = written(), listed()
    for rule in sorted(set(document) ^ set(checker)):
        print(f"{rule[0]} in section {rule[1]}: only in "
              f"{'the documents' if rule in document else 'conform/rules.c'}")
    if document != checker:
        print(f"conform/rules.c is to have the rules of {' and '.join(DOCUMENTS)} in their order")
        return 1
    print(f"{len(checker)} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
