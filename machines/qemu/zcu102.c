// SPDX-License-Identifier: BSD-3-Clause
// Board zcu102-r5-host: a Cortex-R5F, which a Cortex-A53 starts. It polls a counter in shared
// memory for our rings, and sends a byte for each of its own.
#include <stdio.h>
#include <string.h>

#include "boards/zcu102-r5/memory.h"
#include "internal.h"

// Four A53 and one R5. Descriptors as QEMU_FD_FIRST and enum qemu_fd number them.
static char *const command[] = {
    "qemu-system-aarch64",
    "-nodefaults",
    "-no-user-config",
    "-M",
    "xlnx-zcu102,memory-backend=ram",
    "-smp",
    "5",
    "-m",
    "128M",
    "-object",
    "memory-backend-file,id=ram,size=128M,mem-path=/proc/self/fd/3,share=on",
    "-device",
    "loader,file=/proc/self/fd/4,addr=0x500000,cpu-num=0,force-raw=on",
    "-audiodev",
    "none,id=quiet",
    "-display",
    "none",
    "-monitor",
    "none",
    "-chardev",
    "socket,id=bells,fd=5",
    "-chardev",
    "socket,id=console,fd=6",
    "-serial",
    "chardev:console",
    "-serial",
    "chardev:bells",
    NULL,
};

/// What the A53 runs: PSCI CPU_ON (0xc4000003) of the R5, whose MPIDR is 4, at address 0. A64 code.
static const uint32_t a53_code[] = {
    0xd2800060, // mov  x0, #3
    0xf2b88000, // movk x0, #0xc400, lsl #16
    0xd2800081, // mov  x1, #4
    0xd2800002, // mov  x2, #0
    0xd2800003, // mov  x3, #0
    0xd4000003, // smc  #0
    0xd503207f, // wfi
    0x17ffffff, // b    the wfi
};

YOKE_STATIC_ASSERT(sizeof a53_code <= sizeof(uint32_t[QEMU_BOOT_WORDS]), "the A53's code");
YOKE_STATIC_ASSERT(BOARD_A53_DA == 0x500000, "the command has it");

static volatile struct board_control *control_of(const struct qemu *qemu)
{
    return (volatile struct board_control *)(qemu->ram + BOARD_CONTROL_DA);
}

static int boot(struct qemu *qemu, uint64_t entry, uint32_t words[QEMU_BOOT_WORDS])
{
    if (entry != BOARD_IMAGE_DA(0)) {
        (void)snprintf(qemu->machine.error, sizeof qemu->machine.error,
                       "the image's entry point is 0x%llx, but this core starts at 0",
                       (unsigned long long)entry);
        return YOKE_BAD_IMAGE;
    }
    memset(qemu->ram + BOARD_CONTROL_DA, 0, sizeof(struct board_control));
    memcpy(words, a53_code, sizeof a53_code);
    return YOKE_OK;
}

// One doorbell for all rings: firmware looks at each.
static void notify(struct qemu *qemu, uint32_t notify_id)
{
    volatile uint32_t *const rung = &control_of(qemu)->bell[0].rung;

    (void)notify_id;
    // What the core might make of the count does not matter: any change wakes it. Partner:
    // board_wait().
    __atomic_store_n(rung, *rung + 1, __ATOMIC_RELEASE);
}

static const struct yoke_elf_target target = {YOKE_EM_ARM, YOKE_ELF_CLASS32};

static const struct yoke_region map[] = {
    {.name = "image",
     .da = BOARD_IMAGE_DA(0),
     .pa = BOARD_IMAGE_DA(0),
     .size = BOARD_IMAGE_SIZE,
     .flags = YOKE_REGION_IMAGE},
    {.name = "table",
     .da = BOARD_TABLE_DA,
     .pa = BOARD_TABLE_DA,
     .size = BOARD_TABLE_SIZE,
     .flags = YOKE_REGION_IMAGE},
    {.name = "shared",
     .da = BOARD_SHARED_DA,
     .pa = BOARD_SHARED_DA,
     .size = BOARD_SHARED_SIZE,
     .flags = YOKE_REGION_SHARED},
};

#define REGIONS (sizeof map / sizeof map[0])
YOKE_STATIC_ASSERT(REGIONS <= QEMU_REGIONS, "regions");

static const struct qemu_board board = {
    .kind = &yoke_qemu_r5_kind,
    .command = command,
    .ram_da = 0,
    .ram_size = UINT64_C(128) << 20,
    .ram_used = BOARD_A53_DA + sizeof a53_code,
    .crash_da = BOARD_CONTROL_DA + offsetof(struct board_control, crash[0]),
    .boot = boot,
    .notify = notify,
};

static bool here(char *why, size_t size)
{
    return qemu_here(&board, why, size);
}

static struct yoke_machine *open_board(char *error, size_t size)
{
    return qemu_open(&board, error, size);
}

const struct yoke_machine_kind yoke_qemu_r5_kind = {
    .name = "qemu-r5",
    .about = "a Cortex-R5F, on a whole board in QEMU",
    .board = BOARD_HOST_NAME,
    .target = &target,
    .map = map,
    .map_count = REGIONS,
    .here = here,
    .open = open_board,
};
