// SPDX-License-Identifier: BSD-3-Clause
// A process machine for User-Mode Linux: its memory file and a control page become UML's I/O
// memory, and bytes on a socket are the doorbell, both ways. It also sees the kernel's own memory.
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "boards/process/memory.h"
#include "coprocessor.h"
#include "process/process.h"

static void open_uml(struct coprocessor *core, const struct coprocessor_options *options)
{
    struct yoke_process_ddr ddr = {.fd = options->ddr};
    struct stat info;
    void *page;
    char error[160];

    if (fstat(ddr.fd, &info) != 0) {
        coprocessor_die("--ddr");
    }
    ddr.size = (uint64_t)info.st_size;
    core->machine = yoke_process_open(error, sizeof error);
    if (core->machine == NULL) {
        coprocessor_refuse("process machine", error);
    }
    yoke_process_set_ddr(core->machine, &ddr);
    // The file holds the registers' page, the image and the shared memory, one after another.
    core->memory = (char *)core->machine->regions[0].va - BOARD_CONTROL_SIZE;
    const int control = coprocessor_memory("yoke-control", YOKE_CONTROL_SIZE, &page);
    core->control = page;
    (void)snprintf(core->control->link, sizeof core->control->link, "%s", options->socket);
    coprocessor_add_region(core, "registers", BOARD_CONTROL_DA, 0, BOARD_CONTROL_SIZE,
                           YOKE_CONTROL_DUMP);
    (void)snprintf(core->parameters, sizeof core->parameters,
                   "iomem=%s,/proc/%d/fd/%d iomem=%s-control,/proc/%d/fd/%d", options->name,
                   getpid(), yoke_process_memory_fd(core->machine), options->name, getpid(),
                   control);
}

static void ring_uml(struct coprocessor *core)
{
    const char byte = 0;

    // If it is full, the kernel is rung already; if nobody is there, nobody need be rung.
    (void)send(core->kernel, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool settle_uml(struct coprocessor *core)
{
    const struct board_control *const registers = (const struct board_control *)core->memory;
    const struct board_bells *const bells = &registers->to_firmware;
    const struct timespec pause = {.tv_nsec = 100000};

    core->machine->ops->notify(core->machine, 0);
    for (int i = 0; i < 1000; i++) {
        if (__atomic_load_n(&bells->asleep, __ATOMIC_SEQ_CST) != 0 &&
            __atomic_load_n(&bells->rung, __ATOMIC_SEQ_CST) == 0) {
            return true;
        }
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

const struct coprocessor_kind coprocessor_uml = {
    .name = "uml",
    .target = &yoke_process_target,
    .open = open_uml,
    .ring = ring_uml,
    .settle = settle_uml,
};
