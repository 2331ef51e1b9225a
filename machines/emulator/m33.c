// SPDX-License-Identifier: BSD-3-Clause
#include "m33.h"

#include <string.h>

#include "boards/mps2-an521/memory.h"

#define CORE_DA 0xe000e000u
#define CORE_SIZE 0x1000u
#define CORE_ISER 0x100u
#define CORE_ICER 0x180u
#define CORE_CPUID 0xd00u
#define CPUID_M33 0x410fd213u
#define NVIC_BYTES 0x40u

/// No instruction lies there: the engine wants to be told where to end.
#define NOWHERE 0xffffffffu

#define WFI 0xbf30u

// Numbers of exceptions, as the engine has them.
#define ENGINE_PREFETCH_ABORT 3u
#define ENGINE_DATA_ABORT 4u
#define ENGINE_STACK_LIMIT 19u
#define ENGINE_UNALIGNED 22u

// --------------------------------------------------------------------------------------- registers

static uint64_t read_core(uc_engine *uc, uint64_t offset, unsigned size, void *context)
{
    const struct m33 *const cpu = context;

    (void)uc;
    (void)size;
    return offset / 4 < 1024 ? cpu->state.core[offset / 4] : 0;
}

static void write_core(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *context)
{
    struct m33 *const cpu = context;
    uint32_t *const core = cpu->state.core;

    (void)uc;
    (void)size;
    if (offset - CORE_ISER < NVIC_BYTES) {
        core[offset / 4] |= (uint32_t)value;
    } else if (offset - CORE_ICER < NVIC_BYTES) {
        core[(offset - CORE_ICER + CORE_ISER) / 4] &= ~(uint32_t)value;
    } else if (offset / 4 < 1024 && offset != CORE_CPUID) {
        core[offset / 4] = (uint32_t)value;
    }
}

static uint64_t read_bells(struct m33 *cpu, uint64_t offset)
{
    struct m33_state *const state = &cpu->state;
    const uint32_t rung = __atomic_load_n(&state->rung, __ATOMIC_SEQ_CST);

    switch (offset) {
    case BOARD_UART_DATA:
        if (rung == 0) {
            return 0;
        }
        __atomic_fetch_and(&state->rung, ~(rung & -rung), __ATOMIC_SEQ_CST);
        return (uint64_t)__builtin_ctz(rung);
    case BOARD_UART_STATE:
        return rung != 0 ? BOARD_UART_RX : 0;
    case BOARD_UART_CTRL:
        return state->control;
    case BOARD_UART_INT:
        return __atomic_load_n(&state->received, __ATOMIC_SEQ_CST) != 0 ? BOARD_UART_RX : 0;
    case BOARD_UART_BAUDDIV:
        return state->baud;
    default:
        return 0;
    }
}

static void write_bells(struct m33 *cpu, uint64_t offset, uint32_t value)
{
    struct m33_state *const state = &cpu->state;

    switch (offset) {
    case BOARD_UART_DATA:
        if ((state->control & BOARD_UART_TX) != 0) {
            cpu->rang(cpu->context, (uint8_t)value);
        }
        break;
    case BOARD_UART_CTRL:
        state->control = value;
        break;
    case BOARD_UART_INT:
        if ((value & BOARD_UART_RX) != 0) {
            __atomic_store_n(&state->received, 0, __ATOMIC_SEQ_CST);
        }
        break;
    case BOARD_UART_BAUDDIV:
        state->baud = value;
        break;
    default:
        break;
    }
}

static uint64_t read_uarts(uc_engine *uc, uint64_t offset, unsigned size, void *context)
{
    const uint64_t bells = BOARD_UART_BELLS - BOARD_UART_CONSOLE;

    (void)uc;
    (void)size;
    return offset >= bells ? read_bells(context, offset - bells) : 0;
}

static void write_uarts(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value,
                        void *context)
{
    const uint64_t bells = BOARD_UART_BELLS - BOARD_UART_CONSOLE;
    struct m33 *const cpu = context;

    (void)uc;
    (void)size;
    if (offset >= bells) {
        write_bells(cpu, offset - bells, (uint32_t)value);
    } else if (offset == BOARD_UART_DATA) {
        cpu->printed(cpu->context, (char)value);
    }
}

void m33_ring(struct m33 *cpu, uint32_t notify_id)
{
    // The byte, then its interrupt: whoever clears the interrupt first, then drains, misses none.
    __atomic_fetch_or(&cpu->state.rung, UINT32_C(1) << (notify_id % 32), __ATOMIC_SEQ_CST);
    __atomic_store_n(&cpu->state.received, 1, __ATOMIC_SEQ_CST);
}

bool m33_interrupted(const struct m33 *cpu)
{
    const uint32_t wanted = BOARD_UART_RX | BOARD_UART_CTRL_RX_INT;

    return __atomic_load_n(&cpu->state.received, __ATOMIC_SEQ_CST) != 0 &&
           (cpu->state.control & wanted) == wanted &&
           (cpu->state.core[(CORE_ISER + BOARD_IRQ_BELLS / 32 * 4) / 4] >> BOARD_IRQ_BELLS % 32 &
            1) != 0;
}

// ------------------------------------------------------------------------------------------ faults

static bool on_bad_access(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                          int64_t value, void *context)
{
    struct m33 *const cpu = context;

    (void)uc;
    (void)size;
    (void)value;
    cpu->fault = true;
    cpu->address = address;
    cpu->cause = type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT ? YOKE_CRASH_FETCH
                                                                            : YOKE_CRASH_DATA;
    return false;
}

static void on_exception(uc_engine *uc, uint32_t number, void *context)
{
    struct m33 *const cpu = context;

    cpu->fault = true;
    cpu->address = 0;
    cpu->cause = number == ENGINE_STACK_LIMIT      ? YOKE_CRASH_STACK
                 : number == ENGINE_PREFETCH_ABORT ? YOKE_CRASH_FETCH
                 : number == ENGINE_DATA_ABORT     ? YOKE_CRASH_DATA
                 : number == ENGINE_UNALIGNED      ? YOKE_CRASH_ALIGNMENT
                                                   : YOKE_CRASH_INSTRUCTION;
    (void)uc_emu_stop(uc);
}

static uint32_t get(const struct m33 *cpu, int reg)
{
    uint32_t value = 0;

    (void)uc_reg_read(cpu->uc, reg, &value);
    return value;
}

/// Writes down what the firmware's own handler would have.
static void die(struct m33 *cpu)
{
    struct yoke_crash *const crash = &cpu->state.crash;

    *crash = (struct yoke_crash){
        .magic = YOKE_CRASH_MAGIC,
        .version = YOKE_CRASH_VERSION,
        .cause = cpu->fault ? cpu->cause : YOKE_CRASH_INSTRUCTION,
        .registers = 13,
        .pc = get(cpu, UC_ARM_REG_PC),
        .sp = get(cpu, UC_ARM_REG_SP),
        .lr = get(cpu, UC_ARM_REG_LR),
        .psr = get(cpu, UC_ARM_REG_XPSR),
        .address = cpu->fault ? cpu->address : 0,
    };
    for (int i = 0; i < 13; i++) {
        crash->x[i] = get(cpu, UC_ARM_REG_R0 + i);
    }
    cpu->state.dead = true;
}

// --------------------------------------------------------------------------------------- execution

/// What an IT instruction leaves to those behind it (ITSTATE), one instruction on.
static uint8_t next_it(const struct m33 *cpu, uint64_t address)
{
    const struct m33_memory *const image = &cpu->memory[0];
    const uint64_t offset = address - image->da;
    const uint8_t it = cpu->state.it;

    if (offset < image->size && image->va[offset + 1] == 0xbf && (image->va[offset] & 0x0f) != 0) {
        return image->va[offset];
    }
    return (it & 7) != 0 ? (uint8_t)((it & 0xe0) | ((it << 1) & 0x1f)) : 0;
}

static void on_instruction(uc_engine *uc, uint64_t address, uint32_t size, void *context)
{
    struct m33 *const cpu = context;

    (void)size;
    if (!cpu->skip) {
        for (uint32_t i = 0; i < cpu->breakpoint_count; i++) {
            cpu->hit |= cpu->breakpoints[i] == (uint32_t)address;
        }
    }
    // The engine does not stop among conditional instructions, nor could it go on from there.
    if (cpu->state.it == 0 && (cpu->hit || cpu->state.executed >= cpu->limit)) {
        cpu->stopped = true;
        (void)uc_emu_stop(uc);
        return;
    }
    cpu->skip = false;
    cpu->state.executed++;
    cpu->state.it = next_it(cpu, address);
}

/// True if the instruction before the program counter is WFI, which ends the engine's run.
static bool after_wfi(const struct m33 *cpu, uint32_t pc)
{
    uint8_t code[2] = {0};

    return uc_mem_read(cpu->uc, pc - 2, code, sizeof code) == UC_ERR_OK &&
           (code[0] | code[1] << 8) == WFI;
}

enum yoke_emulator_stop m33_run(struct m33 *cpu, uint64_t instructions)
{
    struct m33_state *const state = &cpu->state;

    cpu->limit = state->executed + instructions;
    cpu->skip = true;
    cpu->hit = false;
    while (!state->dead) {
        if (__atomic_load_n(&cpu->halt, __ATOMIC_SEQ_CST)) {
            return YOKE_EMULATOR_HALTED;
        }
        if (state->sleeps && !m33_interrupted(cpu)) {
            return YOKE_EMULATOR_SLEEPS;
        }
        state->sleeps = false;
        cpu->fault = false;
        cpu->stopped = false;
        const uint64_t before = state->executed;
        const uc_err error = uc_emu_start(cpu->uc, get(cpu, UC_ARM_REG_PC) | 1, NOWHERE, 0, 0);
        if (cpu->fault || error != UC_ERR_OK) {
            state->executed -= cpu->counting && state->executed != before ? 1 : 0;
            die(cpu);
        } else if (cpu->stopped) {
            return cpu->hit ? YOKE_EMULATOR_BREAKPOINT : YOKE_EMULATOR_LIMIT;
        } else if (!state->dead) {
            state->sleeps = after_wfi(cpu, get(cpu, UC_ARM_REG_PC));
        }
    }
    return YOKE_EMULATOR_DEAD;
}

void m33_halt(struct m33 *cpu)
{
    __atomic_store_n(&cpu->halt, true, __ATOMIC_SEQ_CST);
    (void)uc_emu_stop(cpu->uc);
}

// ------------------------------------------------------------------------------- from nothing on

static uc_err add_hooks(struct m33 *cpu)
{
    uc_hook hook;
    uc_err error = uc_hook_add(cpu->uc, &hook, UC_HOOK_MEM_INVALID, (void *)on_bad_access, cpu,
                               UINT64_C(1), UINT64_C(0));

    if (error == UC_ERR_OK) {
        error = uc_hook_add(cpu->uc, &hook, UC_HOOK_INTR, (void *)on_exception, cpu, UINT64_C(1),
                            UINT64_C(0));
    }
    if (error == UC_ERR_OK && cpu->counting) {
        error = uc_hook_add(cpu->uc, &hook, UC_HOOK_CODE, (void *)on_instruction, cpu, UINT64_C(1),
                            UINT64_C(0));
    }
    return error;
}

static uc_err set_up(struct m33 *cpu)
{
    uc_err error = uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &cpu->uc);

    if (error == UC_ERR_OK) {
        error = uc_ctl_set_cpu_model(cpu->uc, UC_CPU_ARM_CORTEX_M33);
    }
    for (uint32_t i = 0; error == UC_ERR_OK && i < M33_MEMORIES; i++) {
        const struct m33_memory *const memory = &cpu->memory[i];
        error = uc_mem_map_ptr(cpu->uc, memory->da, (size_t)memory->size,
                               i == 0 ? UC_PROT_ALL : UC_PROT_READ | UC_PROT_WRITE, memory->va);
    }
    if (error == UC_ERR_OK) {
        error = uc_mmio_map(cpu->uc, CORE_DA, CORE_SIZE, read_core, cpu, write_core, cpu);
    }
    if (error == UC_ERR_OK) {
        error = uc_mmio_map(cpu->uc, BOARD_UART_CONSOLE, 0x2000, read_uarts, cpu, write_uarts, cpu);
    }
    return error == UC_ERR_OK ? add_hooks(cpu) : error;
}

const char *m33_reset(struct m33 *cpu, uint32_t stack, uint32_t entry)
{
    m33_free(cpu);
    memset(&cpu->state, 0, sizeof cpu->state);
    cpu->state.core[CORE_CPUID / 4] = CPUID_M33;
    cpu->halt = false;
    uc_err error = set_up(cpu);
    if (error == UC_ERR_OK) {
        error = uc_reg_write(cpu->uc, UC_ARM_REG_SP, &stack);
    }
    if (error == UC_ERR_OK) {
        error = uc_reg_write(cpu->uc, UC_ARM_REG_PC, &entry);
    }
    if (error != UC_ERR_OK) {
        m33_free(cpu);
        cpu->state.dead = true;
        return uc_strerror(error);
    }
    return NULL;
}

void m33_free(struct m33 *cpu)
{
    if (cpu->uc != NULL) {
        (void)uc_close(cpu->uc);
        cpu->uc = NULL;
    }
}
