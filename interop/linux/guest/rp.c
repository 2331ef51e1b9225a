// SPDX-License-Identifier: BSD-3-Clause
// The tests' work on rpmsg devices, from user space of the kernel that is tested. Each command says
// on one line what failed, if it did, and then exits 1.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rpmsg.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MTU 496u
#define WAIT_MS 5000

_Noreturn __attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)printf("\n");
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int open_device(const char *path, int flags)
{
    const int fd = open(path, O_RDWR | O_CLOEXEC | flags);

    if (fd < 0) {
        fail("%s: %s", path, strerror(errno));
    }
    return fd;
}

static void wait_for(int fd, short events)
{
    struct pollfd poller = {.fd = fd, .events = events};

    const int ready = poll(&poller, 1, WAIT_MS);
    if (ready <= 0 || (poller.revents & events) == 0) {
        fail("nothing for %d ms, or the device is gone (revents %#x)", WAIT_MS,
             (unsigned)poller.revents);
    }
}

static size_t receive(int fd, uint8_t *data)
{
    wait_for(fd, POLLIN);
    const ssize_t got = read(fd, data, MTU);
    if (got < 0) {
        fail("read: %s", strerror(errno));
    }
    return (size_t)got;
}

static void fill(uint8_t *data, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)(seed * 31u + i * 7u);
    }
}

/// Every size that fits comes back as it was; one more is refused.
static void sizes(const char *path)
{
    const int fd = open_device(path, 0);
    uint8_t out[MTU + 1];
    uint8_t in[MTU];

    for (uint32_t size = 0; size <= MTU; size++) {
        fill(out, size, size);
        const ssize_t put = write(fd, out, size);
        if (put != (ssize_t)size) {
            fail("write of %u bytes: %zd, %s", size, put, strerror(errno));
        }
        const size_t got = receive(fd, in);
        if (got != size || memcmp(in, out, size) != 0) {
            fail("%u bytes came back as %zu, or other ones", size, got);
        }
    }
    if (write(fd, out, sizeof out) >= 0 || errno != EMSGSIZE) {
        fail("%zu bytes were not refused with EMSGSIZE: %s", sizeof out, strerror(errno));
    }
    // And the device goes on.
    if (write(fd, "x", 1) != 1 || receive(fd, in) != 1) {
        fail("no echo after the refusal");
    }
}

/// `count` messages there and back, as many on the way as fit; in order, whole, none twice.
static void flood(const char *path, uint32_t count, size_t size, uint32_t window)
{
    const int fd = open_device(path, O_NONBLOCK);
    uint8_t out[MTU];
    uint8_t in[MTU];
    uint32_t sent = 0;
    uint32_t got = 0;
    const uint64_t start = now_ns();

    while (got < count) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        bool moved = false;
        // In batches: another one when half of what was sent is back.
        const bool refill = sent - got <= window / 2;
        while (refill && sent < count && sent - got < window) {
            fill(out, size, sent);
            memcpy(out, &sent, sizeof sent);
            const ssize_t put = write(fd, out, size);
            if (put < 0 && (errno == EAGAIN || errno == ENOMEM)) {
                break;
            }
            if (put != (ssize_t)size) {
                fail("write %u: %zd, %s", sent, put, strerror(errno));
            }
            sent++;
            moved = true;
        }
        if (!moved && poll(&poller, 1, WAIT_MS) <= 0) {
            fail("nothing for %d ms: %u sent, %u back", WAIT_MS, sent, got);
        }
        ssize_t length;
        while ((length = read(fd, in, sizeof in)) > 0) {
            fill(out, size, got);
            memcpy(out, &got, sizeof got);
            if ((size_t)length != size || memcmp(in, out, size) != 0) {
                fail("message %u is not what was sent", got);
            }
            got++;
        }
        if (length < 0 && errno != EAGAIN) {
            fail("read: %s after %u", strerror(errno), got);
        }
    }
    const double seconds = (double)(now_ns() - start) / 1e9;
    (void)printf("figure echoed_%zuB_window_%u %.0f messages/s\n", size, window, count / seconds);
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void latency(const char *path, uint32_t count, size_t size)
{
    const int fd = open_device(path, 0);
    uint64_t *const times = calloc(count, sizeof *times);
    uint8_t data[MTU];

    if (times == NULL) {
        fail("no memory");
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t start = now_ns();
        fill(data, size, i);
        if (write(fd, data, size) != (ssize_t)size) {
            fail("write: %s", strerror(errno));
        }
        (void)receive(fd, data);
        times[i] = now_ns() - start;
    }
    qsort(times, count, sizeof *times, compare);
    (void)printf("figure round_trip_%zuB_p50 %.1f us\n", size, (double)times[count / 2] / 1e3);
    (void)printf("figure round_trip_%zuB_p99 %.1f us\n", size,
                 (double)times[count - 1 - count / 100] / 1e3);
}

/// Sends `count` messages to service sink, which says how many came.
static void sink(const char *path, uint32_t count, size_t size)
{
    const int fd = open_device(path, 0);
    uint8_t data[MTU] = {0};
    uint32_t taken;
    const uint64_t start = now_ns();

    for (uint32_t i = 0; i < count; i++) {
        if (write(fd, data, size) != (ssize_t)size) {
            fail("write %u: %s", i, strerror(errno));
        }
    }
    if (write(fd, data, 0) != 0) {
        fail("write of the question: %s", strerror(errno));
    }
    if (receive(fd, data) != sizeof taken) {
        fail("the answer has the wrong size");
    }
    memcpy(&taken, data, sizeof taken);
    if (taken != count) {
        fail("%u sent, %u taken", count, taken);
    }
    (void)printf("figure to_firmware_%zuB %.0f messages/s\n", size,
                 count / ((double)(now_ns() - start) / 1e9));
}

/// Has service source send `count` messages, a thousand at a time: the kernel queues what nobody
/// has read yet without a bound, and drops silently what it has no memory for.
static void source(const char *path, uint32_t count, uint32_t size)
{
    const int fd = open_device(path, 0);
    const uint32_t order[2] = {1000, size};
    uint8_t data[MTU];
    const uint64_t start = now_ns();

    for (uint32_t i = 0; i < count; i++) {
        uint32_t number;
        if (i % order[0] == 0 && write(fd, order, sizeof order) != sizeof order) {
            fail("write: %s", strerror(errno));
        }
        if (receive(fd, data) != size) {
            fail("message %u has the wrong size", i);
        }
        memcpy(&number, data, sizeof number);
        if (number != i % order[0]) {
            fail("message %u came where %u was due", number, i % order[0]);
        }
    }
    (void)printf("figure from_firmware_%uB %.0f messages/s\n", size,
                 count / ((double)(now_ns() - start) / 1e9));
}

/// Creates an endpoint that talks to address `dst`, and so a /dev/rpmsgN.
static void create(const char *path, const char *name, uint32_t dst)
{
    struct rpmsg_endpoint_info info = {.src = 0xffffffff, .dst = dst};
    const int fd = open_device(path, 0);

    (void)snprintf(info.name, sizeof info.name, "%s", name);
    if (ioctl(fd, RPMSG_CREATE_EPT_IOCTL, &info) != 0) {
        fail("RPMSG_CREATE_EPT_IOCTL: %s", strerror(errno));
    }
}

static void destroy(const char *path)
{
    if (ioctl(open_device(path, 0), RPMSG_DESTROY_EPT_IOCTL) != 0) {
        fail("RPMSG_DESTROY_EPT_IOCTL: %s", strerror(errno));
    }
}

/// Text through a serial line, in pieces larger than one message too.
static void tty(const char *path)
{
    const int fd = open_device(path, O_NOCTTY);
    struct termios mode;
    uint8_t out[2000];
    uint8_t in[2000];
    size_t sent = 0;
    size_t got = 0;

    if (tcgetattr(fd, &mode) != 0) {
        fail("tcgetattr: %s", strerror(errno));
    }
    cfmakeraw(&mode);
    (void)tcsetattr(fd, TCSANOW, &mode);
    fill(out, sizeof out, 5);
    while (got < sizeof out) {
        if (sent < sizeof out) {
            const ssize_t put = write(fd, out + sent, sizeof out - sent);
            if (put < 0) {
                fail("write: %s", strerror(errno));
            }
            sent += (size_t)put;
        }
        wait_for(fd, POLLIN);
        const ssize_t length = read(fd, in + got, sizeof in - got);
        if (length <= 0) {
            fail("read: %s", strerror(errno));
        }
        got += (size_t)length;
    }
    if (memcmp(in, out, sizeof out) != 0) {
        fail("other text came back");
    }
}

/// Talks without end, until the device goes away, which must not take long to be told.
static void until_gone(const char *path)
{
    const int fd = open_device(path, 0);
    uint8_t data[64];
    uint32_t count = 0;

    for (;; count++) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        fill(data, sizeof data, count);
        if (write(fd, data, sizeof data) < 0) {
            break;
        }
        if (poll(&poller, 1, 20000) <= 0) {
            fail("neither an answer nor an end after %u messages", count);
        }
        if ((poller.revents & (POLLERR | POLLHUP)) != 0 || read(fd, data, sizeof data) < 0) {
            break;
        }
    }
    (void)printf("%u messages until the device was gone\n", count);
}

/// Sends one short message and does not wait.
static void put(const char *path, const char *text)
{
    if (write(open_device(path, 0), text, strlen(text)) < 0) {
        fail("write: %s", strerror(errno));
    }
}

/// The class directory's entry belongs to this core, and has this name.
static bool is_device(const char *entry, const char *core, const char *name)
{
    char path[PATH_MAX];
    char real[PATH_MAX];
    char got[64] = "";

    (void)snprintf(path, sizeof path, "/sys/class/rpmsg/%s", entry);
    if (realpath(path, real) == NULL || strstr(real, core) == NULL) {
        return false;
    }
    (void)snprintf(path, sizeof path, "/sys/class/rpmsg/%s/name", entry);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    const ssize_t size = read(fd, got, sizeof got - 1);
    (void)close(fd);
    return size > 0 && strncmp(got, name, strlen(name)) == 0 && got[strlen(name)] == '\n';
}

/// Waits until a core has `count` rpmsg devices of a name. Returns all of them, one a line.
static const char *find(const char *number, const char *name, uint32_t count)
{
    static char list[1024];
    const uint64_t end = now_ns() + 10000000000u;
    struct dirent **entries = NULL;
    char core[32];

    (void)snprintf(core, sizeof core, "/remoteproc%s/", number);
    for (;;) {
        uint32_t found = 0;
        list[0] = '\0';
        const int all = scandir("/sys/class/rpmsg", &entries, NULL, versionsort);
        for (int i = 0; i < all; i++) {
            char path[NAME_MAX + 6];
            (void)snprintf(path, sizeof path, "/dev/%s", entries[i]->d_name);
            if (is_device(entries[i]->d_name, core, name) && access(path, F_OK) == 0 &&
                strlen(list) + strlen(path) + 2 < sizeof list) {
                (void)strcat(strcat(list, path), "\n");
                found++;
            }
            free(entries[i]);
        }
        free(entries);
        if (found >= count) {
            return list;
        }
        if (now_ns() > end) {
            fail("core %s has %u devices of name %s after 10 s, not %u", number, found, name,
                 count);
        }
        (void)usleep(2000);
    }
}

/// Each device of that name, `count` at least, sends back what it gets.
static void echoes(const char *number, const char *name, uint32_t count)
{
    char list[1024];
    char *next = list;

    (void)snprintf(list, sizeof list, "%s", find(number, name, count));
    for (const char *path; (path = strsep(&next, "\n")) != NULL && *path != '\0';) {
        const int fd = open_device(path, 0);
        for (uint32_t i = 0; i < 20; i++) {
            uint8_t out[32];
            uint8_t in[MTU];
            fill(out, sizeof out, i);
            if (write(fd, out, sizeof out) != sizeof out || receive(fd, in) != sizeof out ||
                memcmp(in, out, sizeof out) != 0) {
                fail("%s: not what was sent", path);
            }
        }
        (void)close(fd);
    }
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 0);
}

int main(int argc, char **argv)
{
    const char *const what = argc > 2 ? argv[1] : "";
    const char *const path = argc > 2 ? argv[2] : "";

    if (strcmp(what, "sizes") == 0 && argc == 3) {
        sizes(path);
    } else if (strcmp(what, "flood") == 0 && argc == 6) {
        flood(path, number(argv[3]), number(argv[4]), number(argv[5]));
    } else if (strcmp(what, "latency") == 0 && argc == 5) {
        latency(path, number(argv[3]), number(argv[4]));
    } else if (strcmp(what, "sink") == 0 && argc == 5) {
        sink(path, number(argv[3]), number(argv[4]));
    } else if (strcmp(what, "source") == 0 && argc == 5) {
        source(path, number(argv[3]), number(argv[4]));
    } else if (strcmp(what, "create") == 0 && argc == 5) {
        create(path, argv[3], number(argv[4]));
    } else if (strcmp(what, "destroy") == 0 && argc == 3) {
        destroy(path);
    } else if (strcmp(what, "tty") == 0 && argc == 3) {
        tty(path);
    } else if (strcmp(what, "until-gone") == 0 && argc == 3) {
        until_gone(path);
    } else if (strcmp(what, "devices") == 0 && argc == 5) {
        (void)fputs(find(path, argv[3], number(argv[4])), stdout);
    } else if (strcmp(what, "echoes") == 0 && argc == 5) {
        echoes(path, argv[3], number(argv[4]));
    } else if (strcmp(what, "put") == 0 && argc == 4) {
        put(path, argv[3]);
    } else {
        fail("usage: rp sizes|flood|latency|sink|source|create|destroy|tty|until-gone|put "
             "DEVICE ..., rp devices|echoes CORE NAME COUNT");
    }
    return 0;
}
