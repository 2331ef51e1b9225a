// SPDX-License-Identifier: BSD-3-Clause
#include "crash.h"

#include <stdio.h>
#include <string.h>

static const char *cause_text(uint32_t cause)
{
    switch (cause) {
    case YOKE_CRASH_INSTRUCTION:
        return "an instruction that the processor does not allow";
    case YOKE_CRASH_FETCH:
        return "no instruction could be fetched";
    case YOKE_CRASH_DATA:
        return "invalid memory access";
    case YOKE_CRASH_ALIGNMENT:
        return "memory access that is not aligned";
    case YOKE_CRASH_DIVISION:
        return "division by zero";
    case YOKE_CRASH_STACK:
        return "stack overflow";
    default:
        return "a fault of another kind";
    }
}

/// " at NAME 0xADDRESS (SYMBOL+0xOFFSET)". Returns how long it is.
static int place_text(const struct yoke_elf *elf, const char *name, uint64_t address, char *text,
                      size_t size)
{
    const char *symbol = NULL;
    uint64_t offset = 0;

    if (yoke_elf_symbol(elf, address, &symbol, &offset) != YOKE_OK) {
        return snprintf(text, size, "%s 0x%llx", name, (unsigned long long)address);
    }
    return snprintf(text, size, "%s 0x%llx (%.60s+0x%llx)", name, (unsigned long long)address,
                    symbol, (unsigned long long)offset);
}

void crash_text(const struct yoke_crash *crash, const struct yoke_elf *elf, char *text, size_t size)
{
    char pc[128];
    char lr[128];
    char address[48] = "";

    if (crash->version != YOKE_CRASH_VERSION) {
        (void)snprintf(text, size, "firmware crashed, and left a record of unknown version %u",
                       crash->version);
        return;
    }
    if (crash->cause == YOKE_CRASH_EXIT) {
        (void)snprintf(text, size, "firmware exited by itself with code %d",
                       (int)(uint32_t)crash->status[0]);
        return;
    }
    if (crash->cause >= YOKE_CRASH_DATA && crash->cause != YOKE_CRASH_DIVISION) {
        (void)snprintf(address, sizeof address, ", address 0x%llx",
                       (unsigned long long)crash->address);
    }
    (void)place_text(elf, "pc", crash->pc, pc, sizeof pc);
    (void)place_text(elf, "lr", crash->lr, lr, sizeof lr);
    (void)snprintf(text, size, "firmware crashed: %s at %s, %s, sp 0x%llx%s, status 0x%llx 0x%llx",
                   cause_text(crash->cause), pc, lr, (unsigned long long)crash->sp, address,
                   (unsigned long long)crash->status[0], (unsigned long long)crash->status[1]);
}

bool crash_take(const void *shared, struct yoke_machine_crash *crash)
{
    const struct yoke_crash *const record = shared;

    // Partner: the barrier before the board stores `magic`.
    if (__atomic_load_n(&record->magic, __ATOMIC_ACQUIRE) != YOKE_CRASH_MAGIC) {
        return false;
    }
    *crash = (struct yoke_machine_crash){.recorded = true};
    memcpy(&crash->record, record, sizeof crash->record);
    return true;
}
