#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the vectors against a reading of the specification that shares no code with the library.

usage: read.py [--coverage] [--least PERCENT] [FILE.json ...]

Reads every FILE, by default all beside this program. Each structure is decoded, each sequence is
played, by the modules decode_*.py, and what comes out is compared with the vector. Also checked:
names are unique in a file, the rules that a vector cites exist, and one of them is in its section.
--coverage lists the rules that no vector cites. Exits with 1 if a vector does not hold, or if fewer
than PERCENT of the rules have a vector.
"""
import argparse
import importlib
import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # the tree stays as it is
from wire import Refused, octets, number  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def modules():
    for path in sorted(HERE.glob("decode_*.py")):
        yield importlib.import_module(path.stem)


def rules_of(document):
    """Which sections each rule of a document is in: {label: section}."""
    rules, section = {}, None
    for line in document.read_text().splitlines():
        heading = re.match(r"#{2,} ([0-9.]+) ", line)
        if heading:
            section = heading[1].rstrip(".")
        label = re.match(r"\*\*\[([A-Z0-9]+-[0-9]+)\]\*\*", line)
        if label:
            assert label[1] not in rules, f"{document.name}: {label[1]} is there twice"
            rules[label[1]] = section
    return rules


def same(want, have):
    """Whether what came out is what the vector says. Objects may have more than is named; some
    things know by themselves whether they hold."""
    if hasattr(have, "holds"):
        return have.holds(want)
    if isinstance(want, dict):
        return isinstance(have, dict) and all(k in have and same(v, have[k]) for k, v in want.items())
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(map(same, want, have))
    if isinstance(have, bytes):
        return octets(want) == have
    if isinstance(have, bool) or isinstance(want, bool):
        return want is have
    if isinstance(have, int):
        return number(want) == have
    return want == have


def check_structure(decode, vector):
    if ("out" in vector) == ("refused" in vector):
        return "has to have one of out and refused"
    try:
        out = decode(octets(vector.get("in", "")), vector.get("given", {}))
    except Refused as refusal:
        if "refused" not in vector:
            return f"refused: {refusal}"
        if refusal.rule != vector["refused"]:
            return f"refused by {refusal}; the vector says {vector['refused']}"
        return None
    if "refused" in vector:
        return f"not refused, gave {out}"
    for key, want in vector["out"].items():
        if key not in out or not same(want, out[key]):
            return f"{key}: is {out.get(key)!r}, should be {want!r}"
    return None


def check(vector, parts, structures, subjects):
    if "structure" in vector:
        if vector["structure"] not in structures:
            return f"no module knows the structure {vector['structure']}"
        return check_structure(structures[vector["structure"]], vector)
    if vector.get("sequence") not in subjects:
        return f"no module knows the subject {vector.get('sequence')}"
    return subjects[vector["sequence"]](vector, parts)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--least", type=float, default=0, metavar="PERCENT")
    options = parser.parse_args()

    structures, subjects = {}, {}
    for module in modules():
        structures.update(getattr(module, "STRUCTURES", {}))
        subjects.update(getattr(module, "SUBJECTS", {}))
    documents = {path.name: rules_of(path) for path in sorted(HERE.parent.glob("*.md"))}
    everywhere = {label for rules in documents.values() for label in rules}
    cited, failures, count = set(), 0, 0

    for path in options.files or sorted(HERE.glob("*.json")):
        file = json.loads(path.read_text())
        rules = documents[file["document"]]
        names = set()
        for vector in file["vectors"]:
            count += 1
            try:
                problems = [check(vector, file.get("parts", {}), structures, subjects)]
            except Exception as error:  # a vector that breaks the format
                problems = [f"no vector: {error!r}"]
            labels = vector["rules"]
            problems += [f"cites {label}, which no document has"
                         for label in labels if label not in everywhere]
            if vector["section"] not in {rules.get(label) for label in labels}:
                problems.append(f"section {vector['section']} of {file['document']} has no rule of it")
            if vector["name"] in names:
                problems.append("its name is taken")
            names.add(vector["name"])
            cited.update(labels)
            for problem in filter(None, problems):
                failures += 1
                print(f"{path.name}: {vector['name']}: {problem}", file=sys.stderr)

    print(f"{count} vectors, {failures} failures")
    for name, rules in documents.items():
        missing = [label for label in rules if label not in cited]
        if rules:
            print(f"{name}: {len(rules) - len(missing)} of {len(rules)} rules have a vector")
        if options.coverage and missing:
            print("  without:", " ".join(missing))
    share = 100 * len(everywhere & cited) / len(everywhere)
    print(f"all: {len(everywhere & cited)} of {len(everywhere)} rules, {share:.1f} %")
    if share < options.least:
        print(f"at least {options.least} % should have a vector: --coverage says which have none",
              file=sys.stderr)
    return 1 if failures or share < options.least else 0


if __name__ == "__main__":
    sys.exit(main())
