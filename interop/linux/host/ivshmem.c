// SPDX-License-Identifier: BSD-3-Clause
// The emulated Cortex-M33 for a kernel in QEMU, as an ivshmem-doorbell device. The device's memory
// is the control page, then the core's; the doorbells are two eventfds. QEMU gets all of them from
// an ivshmem server, whose protocol (QEMU's docs/specs/ivshmem-spec) this side speaks itself.
#include <endian.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "an521/an521.h"
#include "boards/mps2-an521/memory.h"
#include "carveouts.h"
#include "coprocessor.h"
#include "emulator/emulator.h"

/// A power of two, as a PCI device's memory has to be.
#define MEMORY_SIZE ((size_t)8 << 20)

// Peers. The kernel's module knows this side's number.
#define HOST INT64_C(0)
#define GUEST INT64_C(1)

#define VERSION INT64_C(0)
#define HERE_IS_MEMORY INT64_C(-1)

static int memory_fd;
static int guest_bell;

static void open_ivshmem(struct coprocessor *core, const struct coprocessor_options *options)
{
    const uint64_t record =
        BOARD_IMAGE_SIZE + BOARD_SHARED_SIZE; // In the emulator's memory, as its header has it.
    void *memory;
    char error[160];

    (void)options;
    memory_fd = coprocessor_memory("yoke-ivshmem", MEMORY_SIZE, &memory);
    core->control = memory;
    core->memory = (char *)memory + YOKE_CONTROL_SIZE;
    if (yoke_emulator_bytes() > MEMORY_SIZE - YOKE_CONTROL_SIZE) {
        coprocessor_refuse("emulator machine", "its memory is larger than the device's");
    }
    core->machine = yoke_emulator_open_on(core->memory, error, sizeof error);
    if (core->machine == NULL) {
        coprocessor_refuse("emulator machine", error);
    }
    core->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    guest_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (core->bell < 0 || guest_bell < 0) {
        coprocessor_die("eventfd");
    }
    coprocessor_add_region(core, "record", BOARD_CRASH_DA, record, yoke_emulator_bytes() - record,
                           YOKE_CONTROL_DUMP);
    coprocessor_add_shared(core, "vdev0buffer", CARVEOUT_BUFFERS, CARVEOUT_BUFFERS_SIZE,
                           YOKE_CONTROL_BUFFER);
    coprocessor_add_shared(core, "vdev1buffer", CARVEOUT_BUFFERS + CARVEOUT_BUFFERS_SIZE,
                           CARVEOUT_BUFFERS_SIZE, YOKE_CONTROL_BUFFER);
}

/// A number and perhaps a descriptor, as the protocol's every message is.
static bool tell(int socket, int64_t number, int fd)
{
    int64_t text = (int64_t)htole64((uint64_t)number);
    struct iovec part = {.iov_base = &text, .iov_len = sizeof text};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == sizeof text;
}

static void greet_ivshmem(struct coprocessor *core)
{
    const int to = core->kernel;

    // Who leaves in the middle of it, is seen to have closed the socket.
    (void)(tell(to, VERSION, -1) && tell(to, GUEST, -1) && tell(to, HERE_IS_MEMORY, memory_fd) &&
           tell(to, HOST, core->bell) && tell(to, GUEST, guest_bell));
}

static void ring_ivshmem(struct coprocessor *core)
{
    const uint64_t one = 1;

    (void)core;
    (void)!write(guest_bell, &one, sizeof one); // One that is full has been rung.
}

static bool settle_ivshmem(struct coprocessor *core)
{
    return yoke_emulator_settle(core->machine) == YOKE_OK;
}

static void place_ivshmem(struct coprocessor *core)
{
    const char *const shared = core->machine->regions[1].va;

    yoke_emulator_set_pa(core->machine,
                         core->control->memory_pa + (uint64_t)(shared - core->memory));
}

const struct coprocessor_kind coprocessor_ivshmem = {
    .name = "ivshmem",
    .target = &an521_target,
    .open = open_ivshmem,
    .greet = greet_ivshmem,
    .ring = ring_ivshmem,
    .settle = settle_ivshmem,
    .place = place_ivshmem,
};
