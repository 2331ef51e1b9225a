// SPDX-License-Identifier: BSD-3-Clause
#include "rproc/load.h"

#include <yoke/abi/rsc.h>

void yoke_load_table1(const struct yoke_plan *plan, uint8_t *table)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        switch (area->kind) {
        case YOKE_AREA_CARVEOUT:
            yoke_put_le32(FIELD_AT(table, area, yoke_rsc_carveout, da), (uint32_t)area->da);
            yoke_put_le32(FIELD_AT(table, area, yoke_rsc_carveout, pa),
                          area->pa > UINT32_MAX ? YOKE_RSC_ADDR_ANY : (uint32_t)area->pa);
            break;
        case YOKE_AREA_VRING:
            yoke_put_le32(FIELD_AT(table, area, yoke_rsc_vring, da), (uint32_t)area->da);
            yoke_put_le32(FIELD_AT(table, area, yoke_rsc_vring, notifyid), area->notify_id);
            break;
        case YOKE_AREA_VDEV:
            yoke_put_le32(FIELD_AT(table, area, yoke_rsc_vdev, gfeatures), 0);
            *FIELD_AT(table, area, yoke_rsc_vdev, status) = 0;
            break;
        default:
            break;
        }
    }
}
