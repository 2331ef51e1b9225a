// SPDX-License-Identifier: BSD-3-Clause
// Reads a resource table, entry by entry: linked only to be weighed. OPEN is the call for one
// version, or for both.
#include <yoke/image.h>

int main(void);

int main(void)
{
    static struct yoke_rsc_entry entry;
    struct yoke_refusal refusal;
    struct yoke_rsc rsc;
    int status = OPEN(&rsc, yoke_bytes((const void *)0x20000000, 4096), &refusal);

    while (status == YOKE_OK) {
        status = yoke_rsc_next(&rsc, &entry, &refusal);
    }
    return status;
}
