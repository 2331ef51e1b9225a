// SPDX-License-Identifier: BSD-3-Clause
// The emulator as an instrument: run, look, save, put back.
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define PAGE 4096u

static struct emulator *emulator_of(struct yoke_machine *machine)
{
    return (struct emulator *)machine;
}

enum yoke_emulator_stop yoke_emulator_run(struct yoke_machine *machine, uint64_t instructions)
{
    return m33_run(&emulator_of(machine)->cpu, instructions);
}

uint64_t yoke_emulator_executed(const struct yoke_machine *machine)
{
    return ((const struct emulator *)machine)->cpu.state.executed;
}

int yoke_emulator_break(struct yoke_machine *machine, uint64_t address)
{
    struct m33 *const cpu = &emulator_of(machine)->cpu;

    if (cpu->breakpoint_count == YOKE_EMULATOR_BREAKPOINTS) {
        return YOKE_NO_SPACE;
    }
    cpu->breakpoints[cpu->breakpoint_count++] = (uint32_t)address & ~UINT32_C(1);
    return YOKE_OK;
}

void yoke_emulator_unbreak(struct yoke_machine *machine)
{
    emulator_of(machine)->cpu.breakpoint_count = 0;
}

/// The engine's name of a register, or UC_ARM_REG_INVALID.
static int engine_register(uint32_t number)
{
    static const int above[] = {UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_XPSR};

    return number < YOKE_EMULATOR_SP     ? UC_ARM_REG_R0 + (int)number
           : number <= YOKE_EMULATOR_PSR ? above[number - YOKE_EMULATOR_SP]
                                         : UC_ARM_REG_INVALID;
}

uint32_t yoke_emulator_register(const struct yoke_machine *machine, uint32_t number)
{
    const struct m33 *const cpu = &((const struct emulator *)machine)->cpu;
    const int reg = engine_register(number);
    uint32_t value = 0;

    if (cpu->uc != NULL && reg != UC_ARM_REG_INVALID) {
        (void)uc_reg_read(cpu->uc, reg, &value);
    }
    return value;
}

void yoke_emulator_set_register(struct yoke_machine *machine, uint32_t number, uint32_t value)
{
    struct m33 *const cpu = &emulator_of(machine)->cpu;
    const int reg = engine_register(number);

    if (cpu->uc != NULL && reg != UC_ARM_REG_INVALID) {
        value |= number == YOKE_EMULATOR_PC ? 1 : 0;
        (void)uc_reg_write(cpu->uc, reg, &value);
    }
}

struct yoke_emulator_snapshot {
    const struct emulator *emulator;
    uint32_t starts;
    uc_context *registers;
    struct m33_state state;
    uint32_t rung;
    uint32_t pages;       ///< Pages that are not zero, in `memory` one after another.
    uint32_t *page_index; ///< For each page of the machine: its number in `memory` + 1, or 0.
    uint8_t *memory;
};

static bool is_zero(const uint8_t *page)
{
    // The first byte is zero, and each of the others is like the one before it.
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

static bool save_memory(struct yoke_emulator_snapshot *snapshot, const uint8_t *memory)
{
    const size_t count = yoke_emulator_bytes() / PAGE;

    snapshot->page_index = calloc(count, sizeof *snapshot->page_index);
    if (snapshot->page_index == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_zero(memory + i * PAGE)) {
            snapshot->page_index[i] = ++snapshot->pages;
        }
    }
    snapshot->memory = malloc(((size_t)snapshot->pages + 1) * PAGE);
    if (snapshot->memory == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (snapshot->page_index[i] != 0) {
            memcpy(snapshot->memory + (size_t)(snapshot->page_index[i] - 1) * PAGE,
                   memory + i * PAGE, PAGE);
        }
    }
    return true;
}

struct yoke_emulator_snapshot *yoke_emulator_save(const struct yoke_machine *machine)
{
    const struct emulator *const emulator = (const struct emulator *)machine;

    if (emulator->cpu.uc == NULL) {
        return NULL;
    }
    struct yoke_emulator_snapshot *const snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL) {
        return NULL;
    }
    snapshot->emulator = emulator;
    snapshot->starts = emulator->starts;
    snapshot->state = emulator->cpu.state;
    snapshot->rung = emulator->rung;
    if (uc_context_alloc(emulator->cpu.uc, &snapshot->registers) != UC_ERR_OK ||
        uc_context_save(emulator->cpu.uc, snapshot->registers) != UC_ERR_OK ||
        !save_memory(snapshot, emulator->memory)) {
        yoke_emulator_forget(snapshot);
        return NULL;
    }
    return snapshot;
}

int yoke_emulator_restore(struct yoke_machine *machine,
                          const struct yoke_emulator_snapshot *snapshot)
{
    struct emulator *const emulator = emulator_of(machine);
    const size_t count = yoke_emulator_bytes() / PAGE;

    if (snapshot->emulator != emulator || snapshot->starts != emulator->starts ||
        uc_context_restore(emulator->cpu.uc, snapshot->registers) != UC_ERR_OK) {
        return YOKE_INVALID;
    }
    emulator->cpu.state = snapshot->state;
    emulator->rung = snapshot->rung;
    emulator->started = true;
    machine->life_fd = emulator->dead_fd;
    for (size_t i = 0; i < count; i++) {
        uint8_t *const page = emulator->memory + i * PAGE;
        const uint32_t index = snapshot->page_index[i];
        if (index != 0) {
            memcpy(page, snapshot->memory + (size_t)(index - 1) * PAGE, PAGE);
        } else if (!is_zero(page)) {
            memset(page, 0, PAGE);
        }
    }
    return YOKE_OK;
}

void yoke_emulator_forget(struct yoke_emulator_snapshot *snapshot)
{
    if (snapshot == NULL) {
        return;
    }
    if (snapshot->registers != NULL) {
        (void)uc_context_free(snapshot->registers);
    }
    free(snapshot->page_index);
    free(snapshot->memory);
    free(snapshot);
}
