// SPDX-License-Identifier: BSD-3-Clause
// Each deviation is found by a check of the rule that it breaks; without any, nothing is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wrong.h"

typedef struct conform_target *make_fn(unsigned deviation);

/// Runs all checks of a rule, or, if that is NULL, of all. Returns how many failed; says which if
/// `loud`.
static unsigned failures(make_fn *make, unsigned deviation, const char *rule, bool loud)
{
    struct conform_target *target = make(deviation);
    unsigned count = 0;

    for (const struct conform_check *const *g = conform_groups[target->role]; *g != NULL; g++) {
        for (const struct conform_check *check = *g; check->rule != NULL; check++) {
            if (rule != NULL && strcmp(rule, check->rule) != 0) {
                continue;
            }
            target = make(deviation);
            const struct conform_result result = conform_run(target, check);
            count += result.verdict == CONFORM_FAIL;
            if (loud && result.verdict != CONFORM_PASS) {
                print_message("%s %s: %s: %s (%s)\n", check->rule, check->title,
                              conform_verdict_text(result.verdict), result.seen, result.expected);
            }
        }
    }
    return count;
}

/// Runs every deviation.
static void all_are_found(make_fn *make, const struct deviation *deviations)
{
    unsigned missed = 0, count = 0;

    for (unsigned i = 1; deviations[i].rule != NULL; i++, count++) {
        if (failures(make, i, deviations[i].rule, false) == 0) {
            print_message("not found: %s: %s\n", deviations[i].rule, deviations[i].what);
            missed++;
        }
    }
    print_message("%u deviations\n", count);
    assert_int_equal(missed, 0);
}

static void a_right_device_passes(void **state)
{
    (void)state;
    assert_int_equal(failures(wrong_device, 0, NULL, true), 0);
}

static void a_right_driver_passes(void **state)
{
    (void)state;
    assert_int_equal(failures(wrong_driver, 0, NULL, true), 0);
}

static void wrong_devices_are_found(void **state)
{
    (void)state;
    all_are_found(wrong_device, device_deviations);
}

static void wrong_drivers_are_found(void **state)
{
    (void)state;
    all_are_found(wrong_driver, driver_deviations);
}

static bool is_checked(const char *label, enum conform_role role)
{
    for (const struct conform_check *const *g = conform_groups[role]; *g != NULL; g++) {
        for (const struct conform_check *check = *g; check->rule != NULL; check++) {
            if (strcmp(check->rule, label) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_broken_by(const char *label, const struct deviation *deviations)
{
    for (unsigned i = 1; deviations[i].rule != NULL; i++) {
        if (strcmp(deviations[i].rule, label) == 0) {
            return true;
        }
    }
    return false;
}

/// Every rule that is checked has a deviation that breaks it.
static void every_checked_rule_is_broken_by_some(void **state)
{
    const struct deviation *const all[CONFORM_ROLES] = {device_deviations, driver_deviations};
    unsigned missing = 0;

    (void)state;
    for (const struct conform_rule *rule = conform_rules; rule->label != NULL; rule++) {
        for (int role = 0; role < CONFORM_ROLES; role++) {
            if (rule->unchecked[role] == NULL && !is_broken_by(rule->label, all[role])) {
                print_message("%s: no deviation, role %d\n", rule->label, role);
                missing++;
            }
        }
    }
    assert_int_equal(missing, 0);
}

/// Every rule has a check, or says why not, for each role; every check has a rule.
static void every_rule_is_accounted_for(void **state)
{
    (void)state;
    for (const struct conform_rule *rule = conform_rules; rule->label != NULL; rule++) {
        for (int role = 0; role < CONFORM_ROLES; role++) {
            const bool checked = is_checked(rule->label, (enum conform_role)role);
            if (checked != (rule->unchecked[role] == NULL)) {
                print_message("%s, role %d: %s\n", rule->label, role,
                              checked ? "checked, though said not to be" : "not checked");
            }
            assert_int_equal(checked, rule->unchecked[role] == NULL);
        }
    }
    for (int role = 0; role < CONFORM_ROLES; role++) {
        for (const struct conform_check *const *g = conform_groups[role]; *g != NULL; g++) {
            for (const struct conform_check *check = *g; check->rule != NULL; check++) {
                const struct conform_rule *rule = conform_rules;
                while (rule->label != NULL && strcmp(rule->label, check->rule) != 0) {
                    rule++;
                }
                assert_non_null(rule->label);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_accounted_for),
        cmocka_unit_test(every_checked_rule_is_broken_by_some),
        cmocka_unit_test(a_right_device_passes),
        cmocka_unit_test(wrong_devices_are_found),
        cmocka_unit_test(a_right_driver_passes),
        cmocka_unit_test(wrong_drivers_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
