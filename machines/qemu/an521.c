// SPDX-License-Identifier: BSD-3-Clause
// Board mps2-an521: Cortex-M33; doorbells are bytes both ways.
#include <sys/socket.h>

#include "an521/an521.h"
#include "boards/mps2-an521/memory.h"
#include "internal.h"

// Descriptors as QEMU_FD_FIRST and enum qemu_fd number them.
static char *const command[] = {
    "qemu-system-arm",
    "-nodefaults",
    "-no-user-config",
    "-M",
    "mps2-an521,memory-backend=ram",
    "-object",
    "memory-backend-file,id=ram,size=16M,mem-path=/proc/self/fd/3,share=on",
    "-device",
    "loader,file=/proc/self/fd/4,addr=0x10000000,force-raw=on",
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

static int boot(struct qemu *qemu, uint64_t entry, uint32_t words[QEMU_BOOT_WORDS])
{
    struct yoke_machine *const machine = &qemu->machine;
    struct an521_vectors vectors;
    const int status =
        an521_vectors(&vectors, &qemu->regions[0], entry, machine->error, sizeof machine->error);

    if (status == YOKE_OK) {
        words[0] = vectors.stack;
        words[1] = vectors.reset;
    }
    return status;
}

static void notify(struct qemu *qemu, uint32_t notify_id)
{
    const uint8_t byte = (uint8_t)notify_id;

    // If there is no room, the core has not read the many before it, and will look after them.
    (void)!send(qemu->machine.bell_fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static const struct qemu_board board = {
    .kind = &yoke_qemu_kind,
    .command = command,
    .ram_da = BOARD_RAM_DA,
    .ram_size = BOARD_RAM_SIZE,
    .ram_used = BOARD_SHARED_DA + BOARD_SHARED_SIZE - BOARD_RAM_DA,
    .crash_da = BOARD_CRASH_DA,
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

const struct yoke_machine_kind yoke_qemu_kind = {
    .name = "qemu",
    .about = "the whole board in QEMU, in a process of its own",
    .board = BOARD_NAME,
    .target = &an521_target,
    .map = an521_map,
    .map_count = AN521_REGIONS,
    .here = here,
    .open = open_board,
};
