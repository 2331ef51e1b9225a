// SPDX-License-Identifier: BSD-3-Clause
// A Yoke machine as the coprocessor of a kernel: see module/control.h.
//
// Prints what the kernel's command line has to have for it, then serves until it is ended. A kernel
// may come, go and come again: the firmware runs on unless it is told to stop.
#include "coprocessor.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void watch(const struct coprocessor *core, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(core->events, EPOLL_CTL_ADD, fd, &event) != 0) {
        coprocessor_die("epoll_ctl");
    }
}

// ------------------------------------------------------------------------- what the kernel asks

static int start(struct coprocessor *core)
{
    struct yoke_control *const control = core->control;

    memcpy(core->kicks, control->to_core, sizeof core->kicks);
    const int status = core->machine->ops->start(core->machine, control->entry);
    control->running = status == YOKE_OK;
    if (status != YOKE_OK) {
        (void)fprintf(stderr, "coprocessor: %s\n", core->machine->error);
    }
    return status == YOKE_OK ? 0 : EIO;
}

static void command(struct coprocessor *core)
{
    struct yoke_control *const control = core->control;
    const uint32_t number = __atomic_load_n(&control->command_number, __ATOMIC_ACQUIRE);
    int status = 0;

    if (number == core->command_number) {
        return;
    }
    if (core->kind->place != NULL) {
        core->kind->place(core);
    }
    switch (control->command) {
    case YOKE_COMMAND_START:
        status = start(core);
        break;
    case YOKE_COMMAND_STOP:
        core->machine->ops->stop(core->machine);
        control->running = 0;
        break;
    case YOKE_COMMAND_ATTACH:
    case YOKE_COMMAND_DETACH:
        // The kernel has reset the devices in the table: the firmware sees it before this is done.
        status = control->running == 0 ? ENODEV : core->kind->settle(core) ? 0 : ETIMEDOUT;
        break;
    default:
        status = EINVAL;
    }
    core->command_number = number;
    control->done_status = (uint32_t)status;
    __atomic_store_n(&control->done_number, number, __ATOMIC_RELEASE);
    core->kind->ring(core);
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
    }
}

static void hear_bell(const struct coprocessor *core)
{
    uint64_t count;

    (void)!read(core->bell, &count, sizeof count); // It does not block.
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
    if (core->kind->greet != NULL) {
        core->kind->greet(core);
    }
}

void coprocessor_hear(struct coprocessor *core, int fd)
{
    if (fd == core->listener) {
        accept_kernel(core);
    } else if (fd == core->kernel) {
        hear_kernel(core);
    } else if (fd == core->bell) {
        hear_bell(core);
    }
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
        core->kind->ring(core);
    }
}

static void tell_of(const struct yoke_machine_crash *crash)
{
    if (crash->recorded) {
        (void)fprintf(stderr, "coprocessor: the firmware died: cause %u, pc %#llx, address %#llx\n",
                      crash->record.cause, (unsigned long long)crash->record.pc,
                      (unsigned long long)crash->record.address);
        return;
    }
    (void)fprintf(stderr, "coprocessor: the firmware died: %s, code %d, pc %#llx, address %#llx\n",
                  crash->signal != 0 ? yoke_machine_signal_text(crash->signal) : "by itself",
                  crash->code, (unsigned long long)crash->pc, (unsigned long long)crash->address);
}

static void look_for_crash(struct coprocessor *core)
{
    struct yoke_machine_crash crash = {0};

    if (core->control->running == 0 || !core->machine->ops->crashed(core->machine, &crash)) {
        return;
    }
    tell_of(&crash);
    core->control->running = 0;
    __atomic_fetch_add(&core->control->crashes, 1, __ATOMIC_SEQ_CST);
    core->kind->ring(core);
}

_Noreturn static void serve(struct coprocessor *core)
{
    for (;;) {
        struct epoll_event events[3];
        (void)yoke_machine_wait(&core->machine, 1, -1, core->events);
        const int count = epoll_wait(core->events, events, 3, 0);
        for (int i = 0; i < count; i++) {
            coprocessor_hear(core, events[i].data.fd);
        }
        if (count > 0) {
            command(core);
            pass_kicks(core);
        }
        pass_rings(core);
        look_for_crash(core);
    }
}

// ------------------------------------------------------------------------------------- set-up

static void listen_at(struct coprocessor *core, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    core->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    core->events = epoll_create1(EPOLL_CLOEXEC);
    if (core->listener < 0 || core->events < 0 ||
        bind(core->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(core->listener, 1) != 0) {
        coprocessor_die(path);
    }
    watch(core, core->listener);
    if (core->bell >= 0) {
        watch(core, core->bell);
    }
}

_Noreturn static void usage(void)
{
    (void)fprintf(stderr, "usage: coprocessor uml --socket PATH --name NAME --ddr FD [OPTION...]\n"
                          "       coprocessor ivshmem --socket PATH [OPTION...]\n"
                          "options: --boot FIRMWARE  runs it before there is a kernel\n"
                          "         --no-rings       gives rings no carveouts\n"
                          "         --conform PATH   checks the kernel's driver; a report in JSON\n"
                          "         --only RULE      of that: these rules\n");
    exit(2);
}

static struct coprocessor_options parse(int argc, char **argv)
{
    static const struct option known[] = {
        {"name", required_argument, NULL, 'n'}, {"socket", required_argument, NULL, 's'},
        {"ddr", required_argument, NULL, 'd'},  {"boot", required_argument, NULL, 'b'},
        {"no-rings", no_argument, NULL, 'r'},   {"conform", required_argument, NULL, 'c'},
        {"only", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0},
    };
    struct coprocessor_options options = {.ddr = -1, .rings = true};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'n':
            options.name = optarg;
            break;
        case 's':
            options.socket = optarg;
            break;
        case 'd':
            options.ddr = atoi(optarg);
            break;
        case 'b':
            options.firmware = optarg;
            break;
        case 'r':
            options.rings = false;
            break;
        case 'c':
            options.conform = optarg;
            break;
        case 'o':
            options.only = optarg;
            break;
        default:
            usage();
        }
    }
    if (options.socket == NULL) {
        usage();
    }
    return options;
}

int main(int argc, char **argv)
{
    struct coprocessor core = {.kernel = -1, .bell = -1};

    if (argc < 2) {
        usage();
    }
    const struct coprocessor_options options = parse(argc - 1, argv + 1);
    if (strcmp(argv[1], coprocessor_ivshmem.name) == 0) {
        core.kind = &coprocessor_ivshmem;
    } else if (strcmp(argv[1], coprocessor_uml.name) == 0 && options.name != NULL &&
               options.ddr >= 0) {
        core.kind = &coprocessor_uml;
    } else {
        usage();
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    core.kind->open(&core, &options);
    coprocessor_describe(&core, options.rings);
    listen_at(&core, options.socket);
    if (options.firmware != NULL) {
        coprocessor_boot(&core, options.firmware);
    }
    (void)printf("%s\n", core.parameters);
    (void)fflush(stdout);
    if (options.conform != NULL) {
        coprocessor_conform(&core, &options);
    }
    serve(&core);
}
