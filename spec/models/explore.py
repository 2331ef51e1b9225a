# SPDX-License-Identifier: BSD-3-Clause
"""Explores every state of a model, and says what it finds.

A model has `start()`, the first state (hashable), and `steps(state)`, which yields
(label, weak, next state) for each step that may come next, or raises Broken if the state breaks
what must always hold. `weak` steps may happen but need not: crashes, restarts, what applications choose.
`good(state)` says where the model must always be able to come to by steps that are not weak.
"""
from collections import deque


class Broken(Exception):
    """A state breaks what must always hold."""


def trace(parents, state):
    """The labels that lead to a state."""
    labels = []
    while parents[state] is not None:
        state, label = parents[state]
        labels.append(label)
    return labels[::-1]


def reachable(model, limit):
    """All states with their steps that are not weak, and how each was reached."""
    first = model.start()
    parents, follows, queue = {first: None}, {}, deque([first])
    while queue:
        state = queue.popleft()
        strong = []
        try:
            for label, weak, after in model.steps(state):
                if after not in parents:
                    parents[after] = (state, label)
                    queue.append(after)
                if not weak:
                    strong.append(after)
        except Broken as broken:
            return parents, follows, (str(broken), trace(parents, state))
        follows[state] = strong
        if len(parents) > limit:
            raise SystemExit(f"more than {limit} states")
    return parents, follows, None


def stuck(model, parents, follows):
    """The first state from which steps that are not weak lead to no good state."""
    before = {state: [] for state in follows}
    for state, strong in follows.items():
        for after in strong:
            before[after].append(state)
    fine = deque(state for state in follows if model.good(state))
    seen = set(fine)
    while fine:
        for state in before[fine.popleft()]:
            if state not in seen:
                seen.add(state)
                fine.append(state)
    return next((trace(parents, state) for state in follows if state not in seen), None)


def explore(model, limit=2_000_000):
    """(number of states, None, or (what is wrong, the labels that lead there))."""
    parents, follows, wrong = reachable(model, limit)
    if wrong is None:
        labels = stuck(model, parents, follows)
        wrong = labels and ("from here it never gets on", labels)
    return len(parents), wrong
