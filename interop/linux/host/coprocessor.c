// SPDX-License-Identifier: BSD-3-Clause
// A process machine as the coprocessor of a User-Mode Linux kernel: see module/control.h.
//
// Prints the kernel's parameters for it, then serves until it is ended. A kernel may come, go and
// come again: the firmware runs on unless it is told to stop.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "boards/process/memory.h"
#include "control.h"
#include "coprocessor.h"
#include "process/process.h"

struct coprocessor {
    struct yoke_machine *machine;
    struct yoke_control *control;
    int control_fd;
    struct board_control *registers; ///< The machine's own.
    int events; ///< What yoke_machine_wait() waits for besides the machine: both sockets.
    int listener;
    int kernel; ///< The connected kernel, or -1.
    uint32_t command_number;
    uint32_t kicks[YOKE_CONTROL_QUEUES];
};

_Noreturn static void die(const char *what)
{
    (void)fprintf(stderr, "coprocessor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(const struct coprocessor *core, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(core->events, EPOLL_CTL_ADD, fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static void ring_kernel(const struct coprocessor *core)
{
    const char byte = 0;

    // If it is full, the kernel is rung already; if nobody is there, nobody need be rung.
    (void)send(core->kernel, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// ------------------------------------------------------------------------- what the kernel asks

/// Rings, and waits until the firmware has looked at everything and sleeps again; but not long.
static int settle(struct coprocessor *core)
{
    const struct board_bells *const bells = &core->registers->to_firmware;
    const struct timespec pause = {.tv_nsec = 100000};

    core->machine->ops->notify(core->machine, 0);
    for (int i = 0; i < 1000; i++) {
        if (__atomic_load_n(&bells->asleep, __ATOMIC_SEQ_CST) != 0 &&
            __atomic_load_n(&bells->rung, __ATOMIC_SEQ_CST) == 0) {
            return 0;
        }
        (void)nanosleep(&pause, NULL);
    }
    return ETIMEDOUT;
}

static void command(struct coprocessor *core)
{
    struct yoke_control *const control = core->control;
    const uint32_t number = __atomic_load_n(&control->command_number, __ATOMIC_ACQUIRE);
    int status = 0;

    if (number == core->command_number) {
        return;
    }
    switch (control->command) {
    case YOKE_COMMAND_START:
        memcpy(core->kicks, control->to_core, sizeof core->kicks);
        status = core->machine->ops->start(core->machine, control->entry) == YOKE_OK ? 0 : EIO;
        control->running = status == 0;
        if (status != 0) {
            (void)fprintf(stderr, "coprocessor: %s\n", core->machine->error);
        }
        break;
    case YOKE_COMMAND_STOP:
        core->machine->ops->stop(core->machine);
        control->running = 0;
        break;
    case YOKE_COMMAND_ATTACH:
    case YOKE_COMMAND_DETACH:
        // The kernel has reset the devices in the table: the firmware sees it before this is done.
        status = control->running != 0 ? settle(core) : ENODEV;
        break;
    default:
        status = EINVAL;
    }
    core->command_number = number;
    control->done_status = (uint32_t)status;
    __atomic_store_n(&control->done_number, number, __ATOMIC_RELEASE);
    ring_kernel(core);
}

static void pass_kicks(struct coprocessor *core)
{
    for (uint32_t i = 0; i < YOKE_CONTROL_QUEUES; i++) {
        const uint32_t now = __atomic_load_n(&core->control->to_core[i], __ATOMIC_ACQUIRE);
        if (now != core->kicks[i]) {
            core->kicks[i] = now;
            core->machine->ops->notify(core->machine, i);
        }
    }
}

static void hear_kernel(struct coprocessor *core)
{
    char bytes[256];

    const ssize_t got = recv(core->kernel, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        (void)close(core->kernel);
        core->kernel = -1;
        return;
    }
    command(core);
    pass_kicks(core);
}

static void accept_kernel(struct coprocessor *core)
{
    const int fd = accept4(core->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    if (core->kernel >= 0) {
        (void)close(core->kernel);
    }
    core->kernel = fd;
    watch(core, fd);
}

// ----------------------------------------------------------------------- what the firmware does

static void pass_rings(struct coprocessor *core)
{
    uint32_t rings = core->machine->ops->take_rings(core->machine);
    const bool any = rings != 0;

    for (; rings != 0; rings &= rings - 1) {
        core->control->to_kernel[__builtin_ctz(rings)]++;
    }
    if (any) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        ring_kernel(core);
    }
}

static void look_for_crash(struct coprocessor *core)
{
    struct yoke_machine_crash crash = {0};

    if (core->control->running == 0 || !core->machine->ops->crashed(core->machine, &crash)) {
        return;
    }
    (void)fprintf(stderr, "coprocessor: the firmware died: %s, code %d, pc %#llx, address %#llx\n",
                  crash.signal != 0 ? yoke_machine_signal_text(crash.signal) : "by itself",
                  crash.code, (unsigned long long)crash.pc, (unsigned long long)crash.address);
    core->control->running = 0;
    __atomic_fetch_add(&core->control->crashes, 1, __ATOMIC_SEQ_CST);
    ring_kernel(core);
}

_Noreturn static void serve(struct coprocessor *core)
{
    for (;;) {
        struct epoll_event events[2];
        (void)yoke_machine_wait(&core->machine, 1, -1, core->events);
        const int count = epoll_wait(core->events, events, 2, 0);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == core->listener) {
                accept_kernel(core);
            } else if (events[i].data.fd == core->kernel) {
                hear_kernel(core);
            }
        }
        pass_rings(core);
        look_for_crash(core);
    }
}

// ------------------------------------------------------------------------------------- set-up

static void add_region(struct yoke_control *control, const char *name, uint64_t da, uint64_t size,
                       uint32_t flags)
{
    // The file holds the registers' page, the image and the shared memory, one after another.
    const uint64_t offset = da >= BOARD_SHARED_DA
                                ? da - BOARD_SHARED_DA + BOARD_CONTROL_SIZE + BOARD_IMAGE_SIZE
                            : da >= BOARD_IMAGE_DA ? da - BOARD_IMAGE_DA + BOARD_CONTROL_SIZE
                                                   : da - BOARD_CONTROL_DA;
    struct yoke_control_region *const region = &control->regions[control->region_count++];

    *region =
        (struct yoke_control_region){.da = da, .offset = offset, .size = size, .flags = flags};
    (void)snprintf(region->name, sizeof region->name, "%s", name);
}

static void describe(struct yoke_control *control, bool rings)
{
    char name[32];

    control->elf_class = YOKE_ELF_CLASS64;
    control->elf_machine = yoke_process_target.machine;
    add_region(control, "image", BOARD_IMAGE_DA, BOARD_IMAGE_SIZE, YOKE_CONTROL_DUMP);
    add_region(control, "registers", BOARD_CONTROL_DA, BOARD_CONTROL_SIZE, YOKE_CONTROL_DUMP);
    for (uint32_t i = 0; rings && i < 4; i++) {
        (void)snprintf(name, sizeof name, "vdev%uvring%u", i / 2, i % 2);
        add_region(control, name, BOARD_SHARED_DA + i * COPROCESSOR_RING_SIZE,
                   COPROCESSOR_RING_SIZE, i < 2 ? YOKE_CONTROL_DUMP : 0);
    }
    add_region(control, "pool", COPROCESSOR_POOL_DA, COPROCESSOR_POOL_SIZE, YOKE_CONTROL_DUMP);
    add_region(control, "window", COPROCESSOR_WINDOW_DA, COPROCESSOR_WINDOW_SIZE, 0);
}

static void make_control(struct coprocessor *core, const char *link, bool rings)
{
    core->control_fd = memfd_create("yoke-control", 0);
    if (core->control_fd < 0 || ftruncate(core->control_fd, YOKE_CONTROL_SIZE) != 0) {
        die("no memory for the control page");
    }
    core->control =
        mmap(NULL, YOKE_CONTROL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, core->control_fd, 0);
    if (core->control == MAP_FAILED) {
        die("no memory for the control page");
    }
    (void)snprintf(core->control->link, sizeof core->control->link, "%s", link);
    describe(core->control, rings);
    __atomic_store_n(&core->control->magic, YOKE_CONTROL_MAGIC, __ATOMIC_RELEASE);
}

static void make_listener(struct coprocessor *core, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    core->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    core->events = epoll_create1(EPOLL_CLOEXEC);
    if (core->listener < 0 || core->events < 0 ||
        bind(core->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(core->listener, 1) != 0) {
        die(path);
    }
    watch(core, core->listener);
}

/// As a boot loader would: the firmware runs before there is a kernel.
static void boot(struct coprocessor *core, const char *path)
{
    struct yoke_refusal refusal;
    struct yoke_elf elf;
    struct yoke_segment segment;
    struct yoke_section table;
    struct stat info;
    char text[256];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) != 0) {
        die(path);
    }
    const void *const file = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED) {
        die(path);
    }
    if (yoke_elf_open(&elf, yoke_bytes(file, (size_t)info.st_size), &yoke_process_target, 1,
                      &refusal) != YOKE_OK) {
        (void)yoke_refusal_text(&refusal, text, sizeof text);
        (void)fprintf(stderr, "coprocessor: %s: %s\n", path, text);
        exit(1);
    }
    for (uint32_t i = 0; yoke_elf_segment(&elf, i, &segment, &refusal) == YOKE_OK; i++) {
        const struct yoke_region *const image = &core->machine->regions[0];
        if (segment.type != YOKE_PT_LOAD) {
            continue;
        }
        if (segment.paddr < image->da || segment.memsz > image->size ||
            segment.paddr - image->da > image->size - segment.memsz) {
            (void)fprintf(stderr, "coprocessor: %s: a segment outside the image's memory\n", path);
            exit(1);
        }
        memcpy((char *)image->va + (segment.paddr - image->da), segment.bytes.data,
               segment.bytes.size);
    }
    if (yoke_elf_find_section(&elf, YOKE_RSC_SECTION, &table) == YOKE_OK) {
        core->control->table_da = (uint32_t)table.addr;
        core->control->table_size = (uint32_t)table.size;
    }
    if (core->machine->ops->start(core->machine, elf.entry) != YOKE_OK) {
        (void)fprintf(stderr, "coprocessor: %s\n", core->machine->error);
        exit(1);
    }
    core->control->running = 1;
    (void)close(fd);
}

static _Noreturn void usage(void)
{
    (void)fprintf(stderr, "usage: coprocessor --name NAME --socket PATH --ddr FD "
                          "[--boot FIRMWARE] [--no-rings]\n");
    exit(2);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"name", required_argument, NULL, 'n'}, {"socket", required_argument, NULL, 's'},
        {"ddr", required_argument, NULL, 'd'},  {"boot", required_argument, NULL, 'b'},
        {"no-rings", no_argument, NULL, 'r'},   {NULL, 0, NULL, 0},
    };
    struct coprocessor core = {.kernel = -1};
    struct yoke_process_ddr ddr = {.fd = -1};
    const char *name = NULL;
    const char *path = NULL;
    const char *firmware = NULL;
    bool rings = true;
    struct stat info;
    char error[160];
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            name = optarg;
            break;
        case 's':
            path = optarg;
            break;
        case 'd':
            ddr.fd = atoi(optarg);
            break;
        case 'b':
            firmware = optarg;
            break;
        case 'r':
            rings = false;
            break;
        default:
            usage();
        }
    }
    if (name == NULL || path == NULL || ddr.fd < 0 || fstat(ddr.fd, &info) != 0) {
        usage();
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    ddr.size = (uint64_t)info.st_size;
    core.machine = yoke_process_open(error, sizeof error);
    if (core.machine == NULL) {
        (void)fprintf(stderr, "coprocessor: %s\n", error);
        return 1;
    }
    yoke_process_set_ddr(core.machine, &ddr);
    core.registers = mmap(NULL, BOARD_CONTROL_SIZE, PROT_READ, MAP_SHARED,
                          yoke_process_memory_fd(core.machine), 0);
    if (core.registers == MAP_FAILED) {
        die("the machine's registers cannot be mapped");
    }
    make_control(&core, path, rings);
    make_listener(&core, path);
    if (firmware != NULL) {
        boot(&core, firmware);
    }
    (void)printf("iomem=%s,/proc/%d/fd/%d iomem=%s-control,/proc/%d/fd/%d\n", name, getpid(),
                 yoke_process_memory_fd(core.machine), name, getpid(), core.control_fd);
    (void)fflush(stdout);
    serve(&core);
}
