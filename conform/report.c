// SPDX-License-Identifier: BSD-3-Clause
// Runs checks, and reports rule by rule, for people or for programs.
#include "conform.h"

#include <stdlib.h>
#include <string.h>

/// All checks of a run, and what came of them.
struct run {
    struct conform_target *target;
    const struct conform_options *options;
    struct conform_result *results;
    unsigned count;
};

const char *conform_verdict_text(enum conform_verdict verdict)
{
    static const char *const texts[CONFORM_VERDICTS] = {"pass", "fail", "not applicable"};

    return verdict < CONFORM_VERDICTS ? texts[verdict] : "";
}

/// True for a label that is asked for: it is the one, or begins so.
static bool is_wanted(const struct run *run, const char *label)
{
    const char *const only = run->options->only;
    const size_t length = only != NULL ? strlen(only) : 0;

    return only == NULL || (strncmp(label, only, length) == 0 &&
                            (label[length] == '\0' || strchr(only, '-') == NULL));
}

/// Calls `each` for every check that is wanted.
static void each_check(struct run *run, void (*each)(struct run *, const struct conform_check *))
{
    const struct conform_check *const *group = conform_groups[run->target->role];

    for (; *group != NULL; group++) {
        for (const struct conform_check *check = *group; check->rule != NULL; check++) {
            if (is_wanted(run, check->rule)) {
                each(run, check);
            }
        }
    }
}

static void count_one(struct run *run, const struct conform_check *check)
{
    (void)check;
    run->count++;
}

static void run_one(struct run *run, const struct conform_check *check)
{
    FILE *const progress = run->options->progress;

    if (progress != NULL) {
        (void)fprintf(progress, "\r\033[K%s: %s", check->rule, check->title);
        (void)fflush(progress);
    }
    run->results[run->count++] = conform_run(run->target, check);
}

/// A rule fails with one of its checks, else it passes with one. `first` gets the result that
/// says why, or NULL.
static enum conform_verdict judge(const struct run *run, const struct conform_rule *rule,
                                  const struct conform_result **first)
{
    enum conform_verdict verdict = CONFORM_NOT_APPLICABLE;

    *first = NULL;
    for (unsigned i = 0; i < run->count; i++) {
        const struct conform_result *const result = &run->results[i];
        if (strcmp(result->check->rule, rule->label) != 0 || verdict == CONFORM_FAIL) {
            continue;
        }
        if (result->verdict == CONFORM_FAIL || *first == NULL ||
            (result->verdict == CONFORM_PASS && verdict != CONFORM_PASS)) {
            *first = result;
            verdict = result->verdict;
        }
    }
    return verdict;
}

// ---------------------------------------------------------------------------------------- text

static void text_checks(const struct run *run, const struct conform_rule *rule)
{
    FILE *const out = run->options->out;

    for (unsigned i = 0; i < run->count; i++) {
        const struct conform_result *const r = &run->results[i];
        if (strcmp(r->check->rule, rule->label) != 0 || r->verdict == CONFORM_PASS) {
            continue;
        }
        (void)fprintf(out, "    %s: %s\n", r->check->title, conform_verdict_text(r->verdict));
        if (r->verdict == CONFORM_FAIL) {
            (void)fprintf(out, "        expected: %s\n", r->expected);
        }
        (void)fprintf(out, "        %s: %s\n", r->verdict == CONFORM_FAIL ? "seen" : "why",
                      r->seen);
    }
}

/// How many checks there are of a rule; `*same` if all of them say the same.
static unsigned count_of(const struct run *run, const struct conform_rule *rule,
                         const struct conform_result *first, bool *same)
{
    unsigned count = 0;

    *same = true;
    for (unsigned i = 0; i < run->count; i++) {
        const struct conform_result *const r = &run->results[i];
        if (strcmp(r->check->rule, rule->label) == 0) {
            count++;
            *same = *same && first != NULL && strcmp(r->seen, first->seen) == 0;
        }
    }
    return count;
}

static void text_rule(const struct run *run, const struct conform_rule *rule)
{
    const char *const unchecked = rule->unchecked[run->target->role];
    const struct conform_result *first;
    const enum conform_verdict verdict = judge(run, rule, &first);
    bool same;
    const unsigned checks = count_of(run, rule, first, &same);

    (void)fprintf(run->options->out, "%-8s %-4s  %-4s  ", rule->label, rule->section,
                  verdict == CONFORM_NOT_APPLICABLE ? "-"
                  : verdict == CONFORM_FAIL         ? "FAIL"
                                                    : "pass");
    if (first == NULL) {
        (void)fprintf(run->options->out, "%s\n", unchecked != NULL ? unchecked : "no check");
    } else if (verdict == CONFORM_NOT_APPLICABLE && same) {
        (void)fprintf(run->options->out, "%s\n", first->seen);
        return;
    } else if (checks == 1) {
        (void)fprintf(run->options->out, "%s\n", first->check->title);
    } else {
        (void)fprintf(run->options->out, "%u checks\n", checks);
    }
    text_checks(run, rule);
}

// ---------------------------------------------------------------------------------------- JSON

/// A string; what is not printable ASCII is left out.
static void json_string(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, "\"%s\": \"", name);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        if (*text >= ' ' && *text < 127) {
            (void)fputc(*text, out);
        }
    }
    (void)fputc('"', out);
}

static void json_checks(const struct run *run, const struct conform_rule *rule)
{
    FILE *const out = run->options->out;
    const char *separator = "";

    for (unsigned i = 0; i < run->count; i++) {
        const struct conform_result *const r = &run->results[i];
        if (strcmp(r->check->rule, rule->label) != 0) {
            continue;
        }
        (void)fprintf(out, "%s\n      {", separator);
        separator = ",";
        json_string(out, "title", r->check->title);
        (void)fputs(", ", out);
        json_string(out, "verdict", conform_verdict_text(r->verdict));
        if (r->verdict == CONFORM_FAIL) {
            (void)fputs(", ", out);
            json_string(out, "expected", r->expected);
        }
        if (r->verdict != CONFORM_PASS) {
            (void)fputs(", ", out);
            json_string(out, r->verdict == CONFORM_FAIL ? "seen" : "why", r->seen);
        }
        (void)fputc('}', out);
    }
}

static void json_rule(const struct run *run, const struct conform_rule *rule, bool more)
{
    FILE *const out = run->options->out;
    const char *const unchecked = rule->unchecked[run->target->role];
    const struct conform_result *first;
    const enum conform_verdict verdict = judge(run, rule, &first);

    (void)fputs(more ? ",\n    {" : "\n    {", out);
    json_string(out, "rule", rule->label);
    (void)fputs(", ", out);
    json_string(out, "section", rule->section);
    (void)fputs(", ", out);
    json_string(out, "verdict", conform_verdict_text(verdict));
    if (first == NULL) {
        (void)fputs(", ", out);
        json_string(out, "why", unchecked != NULL ? unchecked : "no check");
    }
    (void)fputs(", \"checks\": [", out);
    json_checks(run, rule);
    (void)fputs("]}", out);
}

// --------------------------------------------------------------------------------------- report

static void report(const struct run *run, struct conform_totals *totals)
{
    static const char *const roles[CONFORM_ROLES] = {"device", "driver"};
    const char *const role = roles[run->target->role];
    FILE *const out = run->options->out;
    bool more = false;

    if (run->options->json) {
        (void)fputs("{\n  ", out);
        json_string(out, "target", run->target->name);
        (void)fputs(", ", out);
        json_string(out, "role", role);
        (void)fputs(", \"rules\": [", out);
    } else {
        (void)fprintf(out, "%s, as %s, held against spec/base.md and spec/extensions.md\n\n",
                      run->target->name, role);
    }
    for (const struct conform_rule *rule = conform_rules; rule->label != NULL; rule++) {
        const struct conform_result *first;
        if (!is_wanted(run, rule->label)) {
            continue;
        }
        totals->rules[judge(run, rule, &first)]++;
        if (run->options->json) {
            json_rule(run, rule, more);
        } else {
            text_rule(run, rule);
        }
        more = true;
    }
    const char *const sums =
        run->options->json
            ? "],\n  \"checks\": %u, \"pass\": %u, \"fail\": %u, \"not_applicable\": %u\n}\n"
        : totals->checks == 1 ? "\n%u check; rules: %u passed, %u failed, %u not applicable\n"
                              : "\n%u checks; rules: %u passed, %u failed, %u not applicable\n";
    (void)fprintf(out, sums, totals->checks, totals->rules[CONFORM_PASS],
                  totals->rules[CONFORM_FAIL], totals->rules[CONFORM_NOT_APPLICABLE]);
    (void)fflush(out);
}

struct conform_totals conform_report(struct conform_target *target,
                                     const struct conform_options *options)
{
    struct run run = {.target = target, .options = options};
    struct conform_totals totals = {0};

    each_check(&run, count_one);
    totals.checks = run.count;
    if (run.count == 0) {
        return totals;
    }
    run.results = calloc(run.count, sizeof *run.results);
    if (run.results == NULL) {
        (void)fprintf(options->out, "no memory\n");
        totals.rules[CONFORM_FAIL] = 1;
        return totals;
    }
    run.count = 0;
    each_check(&run, run_one);
    if (options->progress != NULL) {
        (void)fprintf(options->progress, "\r\033[K");
        (void)fflush(options->progress);
    }
    report(&run, &totals);
    free(run.results);
    return totals;
}
