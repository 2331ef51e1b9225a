// SPDX-License-Identifier: BSD-3-Clause
// Libyoke's loader is used to put the image into memory, and for nothing else.
#include "machine.h"

#include "../table.h"

#include <string.h>
#include <time.h>

static struct conform_machine *of(struct conform_target *target)
{
    return target->context;
}

static bool load(struct conform_target *target)
{
    struct conform_machine *const m = of(target);

    m->machine->ops->stop(m->machine);
    const int status = yoke_load(&m->plan, NULL);
    (void)snprintf(target->why, sizeof target->why, "not loaded: %s", yoke_status_text(status));
    return status == YOKE_OK;
}

static bool start(struct conform_target *target)
{
    struct yoke_machine *const machine = of(target)->machine;
    const int status = machine->ops->start(machine, of(target)->plan.entry);

    (void)snprintf(target->why, sizeof target->why, "not started: %s", machine->error);
    return status == YOKE_OK;
}

static void ring(struct conform_target *target, uint32_t notify_id)
{
    struct yoke_machine *const machine = of(target)->machine;

    machine->ops->notify(machine, notify_id);
}

static uint32_t rings(struct conform_target *target)
{
    struct yoke_machine *const machine = of(target)->machine;

    return machine->ops->take_rings(machine);
}

static void wait(struct conform_target *target, uint32_t ms)
{
    (void)yoke_machine_wait(&of(target)->machine, 1, (int)ms, -1);
}

static uint64_t clock_ms(struct conform_target *target)
{
    struct timespec now;

    (void)target;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static bool alive(struct conform_target *target)
{
    struct yoke_machine *const machine = of(target)->machine;
    struct yoke_machine_crash crash = {0};

    if (!machine->ops->crashed(machine, &crash)) {
        return true;
    }
    const uint64_t pc = crash.recorded ? crash.record.pc : crash.pc;
    const uint64_t address = crash.recorded ? crash.record.address : crash.address;
    (void)snprintf(
        target->why, sizeof target->why, "the firmware died: %s, pc 0x%llx, address 0x%llx",
        crash.signal != 0 ? yoke_machine_signal_text(crash.signal) : "a fault or its end",
        (unsigned long long)pc, (unsigned long long)address);
    return false;
}

static int fail(struct conform_target *target, int status, const char *what)
{
    (void)snprintf(target->why, sizeof target->why, "%s", what);
    return status;
}

/// The first rpmsg vdev of the plan, or NULL.
static const struct yoke_area *find_vdev(const struct yoke_plan *plan)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        if (area->kind == YOKE_AREA_VDEV && area->device_id == 7 && area->num == 2) {
            return area;
        }
    }
    return NULL;
}

/// Memory for rings and buffers: what is left of the first region that both sides have, behind all
/// that the plan put there for others than us.
static bool find_free(struct conform_machine *m)
{
    struct conform_target *const target = &m->target;

    for (uint32_t i = 0; i < m->machine->region_count; i++) {
        const struct yoke_region *const region = &m->machine->regions[i];
        uint64_t from = region->da;
        if ((region->flags & YOKE_REGION_SHARED) == 0) {
            continue;
        }
        for (uint32_t j = 0; j < m->plan.area_count; j++) {
            const struct yoke_area *const area = &m->plan.areas[j];
            if (area->region == i && area->kind != YOKE_AREA_VRING &&
                area->kind != YOKE_AREA_BUFFERS && area->da + area->size > from) {
                from = area->da + area->size;
            }
        }
        from = (from + 4095) / 4096 * 4096;
        const uint64_t offset = from - region->da;
        if (offset < region->size) {
            target->free = (uint8_t *)region->va + offset;
            target->free_da = from;
            target->free_pa = region->pa + offset;
            target->free_size = (size_t)(region->size - offset) / 4096 * 4096;
            return true;
        }
    }
    return false;
}

/// What a table of version 2 says of buffers: the checker reads that itself.
static void find_sizes(struct conform_target *target, const struct yoke_elf *elf)
{
    struct yoke_section section;

    if (yoke_elf_find_section(elf, ".resource_table.2", &section) == YOKE_OK) {
        (void)table_buffer_sizes(section.bytes.data, section.bytes.size, target->buffer_size);
    }
}

int conform_machine_open(struct conform_machine *m, const struct yoke_elf *elf,
                         struct yoke_machine *machine, const char *service)
{
    static const struct conform_target_ops ops = {load, start, ring, rings, wait, clock_ms, alive};
    struct conform_target *const target = &m->target;
    struct yoke_refusal refusal;

    *m = (struct conform_machine){
        .target = {.ops = &ops,
                   .context = m,
                   .role = CONFORM_DEVICE,
                   .service = service,
                   .answer_ms = 2000,
                   .quiet_ms = 12},
        .machine = machine,
        .plan = {.areas = m->areas, .area_max = CONFORM_AREAS},
    };
    const int status =
        yoke_plan_make(&m->plan, elf, machine->regions, machine->region_count, NULL, &refusal);
    if (status != YOKE_OK) {
        (void)yoke_refusal_text(&refusal, target->why, sizeof target->why);
        return status;
    }
    const struct yoke_area *const vdev = find_vdev(&m->plan);
    if (vdev == NULL) {
        return fail(target, YOKE_BAD_IMAGE, "its resource table has no rpmsg vdev with two rings");
    }
    for (uint32_t queue = 0; queue < 2; queue++) {
        const struct yoke_area *const vring =
            yoke_plan_find(&m->plan, YOKE_AREA_VRING, vdev->index, queue);
        if (vring == NULL || !vring->placed) {
            return fail(target, YOKE_UNSUPPORTED,
                        "its rings have fixed addresses: the checker moves rings about");
        }
    }
    if (!find_free(m)) {
        return fail(target, YOKE_NO_SPACE, "the machine has no memory for rings and buffers");
    }
    for (uint32_t i = 0; i < machine->region_count && i < CONFORM_WINDOWS; i++) {
        const struct yoke_region *const region = &machine->regions[i];
        target->da[i] = (struct conform_window){region->da, region->size, region->va};
        target->pa[i] = (struct conform_window){region->pa, region->size, region->va};
    }
    target->entry = yoke_plan_at(&m->plan, vdev);
    find_sizes(target, elf);
    return YOKE_OK;
}
