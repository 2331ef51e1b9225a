// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/virtio.h>

int yoke_status_check(uint8_t from, uint8_t to, bool features_ok)
{
    const unsigned any_time = YOKE_STATUS_FAILED | YOKE_STATUS_NEEDS_RESET;
    const unsigned steps[] = {YOKE_STATUS_ACKNOWLEDGE, YOKE_STATUS_DRIVER,
                              features_ok ? YOKE_STATUS_FEATURES_OK : 0, YOKE_STATUS_DRIVER_OK};
    unsigned known = any_time;
    bool complete = true;

    if (to == 0) {
        return YOKE_OK;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        // A step that this transport does not have is taken with the one before.
        const bool set = steps[i] == 0 ? complete : (to & steps[i]) != 0;
        if (set && !complete) {
            return YOKE_INVALID;
        }
        complete = complete && set;
        known |= steps[i];
    }
    return (from & ~(unsigned)to) != 0 || (to & ~known) != 0 ? YOKE_INVALID : YOKE_OK;
}
