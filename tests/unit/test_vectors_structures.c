// SPDX-License-Identifier: BSD-3-Clause
// The structures of the specification, read by the library.
#include "vectors_base.h"
#include "vectors_extensions.h"
#include "vectors_load.h"
#include "vectors_tables.h"

/// One check for each decoder.
#define CHECK(name)                                                                                \
    static void check_##name(const struct vector *vector)                                          \
    {                                                                                              \
        vectors_check_structure(vector, name);                                                     \
    }

CHECK(base_vring)
CHECK(base_chain)
CHECK(base_kick)
CHECK(base_status)
CHECK(base_status_change)
CHECK(base_features)
CHECK(base_choice)
CHECK(base_vdev)
CHECK(base_header)
CHECK(base_ns)
CHECK(base_address)
CHECK(tables_rsc)
CHECK(tables_rsc2)
CHECK(tables_trace_text)
CHECK(tables_trace_block)
CHECK(tables_trace_bell)
CHECK(tables_trace_write)
CHECK(tables_power_state)
CHECK(tables_power_request)
CHECK(tables_power_answer)

int main(void)
{
    static const struct vector_subject subjects[] = {
        {"vring", check_base_vring},
        {"chain", check_base_chain},
        {"kick", check_base_kick},
        {"status", check_base_status},
        {"status_change", check_base_status_change},
        {"features", check_base_features},
        {"choice", check_base_choice},
        {"vdev", check_base_vdev},
        {"rpmsg_header", check_base_header},
        {"rpmsg_ns", check_base_ns},
        {"address", check_base_address},
        {"rsc_table", check_tables_rsc},
        {"rsc2_table", check_tables_rsc2},
        {"trace_text", check_tables_trace_text},
        {"trace_block", check_tables_trace_block},
        {"trace_bell", check_tables_trace_bell},
        {"trace_write", check_tables_trace_write},
        {"power_state", check_tables_power_state},
        {"power_request", check_tables_power_request},
        {"power_answer", check_tables_power_answer},
        {"load", load_check},
        {"in_force", tables_in_force},
        {"control_message", extensions_control},
        {"extended_message", extensions_message},
        {"extension_offer", extensions_offer},
        {"extension_choice", extensions_choice},
        {"buffers", extensions_buffers},
        // `yoke table --check` judges this: tests/machine/test_table.py reads them.
        {"tables_agree", NULL},
        // Generation, credits and bulk: the library does not have them.
        {"generation", NULL},
        {"grant", NULL},
        {"rpmsg_config", NULL},
        {"references", NULL},
        {NULL, NULL},
    };

    return vectors_run("structure", subjects);
}
