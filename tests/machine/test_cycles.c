// SPDX-License-Identifier: BSD-3-Clause
// Load, start, ping, stop, over and over; now another firmware, now a crash: no cycle fails, none
// sees code or answers of an earlier one, and nothing is left over.
//
// usage: test_cycles MACHINE FIRMWARE_DIRECTORY COUNT
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/host.h>

#define WAIT_MS 20000

static uint8_t answer[512];
static uint32_t answer_size;
static uint32_t answers;

static _Noreturn void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "test_cycles: %s: %s\n", what, why);
    exit(1);
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    memcpy(answer, msg->data, msg->size);
    answer_size = msg->size;
    answers++;
}

/// Asks a service, and leaves what it answers in `answer`.
static void ask(struct yoke_host *host, const char *service, const void *request, uint32_t size)
{
    const struct yoke_service *const found = yoke_host_find(host, service, WAIT_MS);
    struct yoke_ept ept = {0};

    if (found == NULL) {
        fail(service, host->error);
    }
    answers = 0;
    if (yoke_ept_open(&host->link, &ept, YOKE_RPMSG_ADDR_ANY, found->addr, receive, NULL) !=
            YOKE_OK ||
        yoke_send(&ept, request, size) != YOKE_OK) {
        fail(service, "no request could be sent");
    }
    const uint64_t deadline = yoke_host_clock() + UINT64_C(1000000) * WAIT_MS;
    while (answers == 0 && yoke_host_clock() < deadline) {
        if (yoke_host_wait(host, 100) < 0) {
            fail(service, host->error);
        }
    }
    if (answers != 1) {
        fail(service, answers == 0 ? "no answer" : "more than one answer");
    }
    (void)yoke_ept_close(&ept);
}

static void ping(struct yoke_host *host, uint32_t number)
{
    uint8_t request[240];

    for (uint32_t i = 0; i < sizeof request; i++) {
        request[i] = (uint8_t)(number * 31 + i * 7);
    }
    ask(host, "echo", request, sizeof request);
    if (answer_size != sizeof request || memcmp(answer, request, sizeof request) != 0) {
        fail("echo", "the answer differs");
    }
}

static void multiply(struct yoke_host *host, uint32_t number)
{
    uint8_t request[12];

    yoke_put_le32(request, 1);
    yoke_put_le32(request + 4, number);
    yoke_put_le32(request + 8, 3);
    ask(host, "matrix", request, sizeof request);
    if (answer_size != 8 || yoke_le32(answer + 4) != number * 3) {
        fail("matrix", "the product is wrong");
    }
}

/// Files of this process that are open, and its children and theirs.
static uint32_t count_entries(const char *folder)
{
    DIR *const directory = opendir(folder);
    uint32_t count = 0;

    if (directory == NULL) {
        fail(folder, "cannot be read");
    }
    while (readdir(directory) != NULL) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

static uint32_t count_children(void)
{
    char path[64];
    char text[4096] = "";
    uint32_t count = 0;

    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *const file = fopen(path, "re");
    if (file == NULL) {
        fail(path, "cannot be read");
    }
    const size_t got = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    for (size_t i = 0; i < got; i++) {
        count += text[i] == ' ';
    }
    return count;
}

static struct yoke_host *open_host(const char *machine, const char *directory, const char *app)
{
    const struct yoke_host_options options = {.machine = machine};
    struct yoke_host *const host = malloc(sizeof *host);
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s.elf", directory, app);
    if (host == NULL || yoke_host_open(host, path, &options) != YOKE_OK) {
        fail(path, host != NULL ? host->error : "no memory");
    }
    return host;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fprintf(stderr, "usage: test_cycles MACHINE FIRMWARE_DIRECTORY COUNT\n");
        return 2;
    }
    const uint32_t count = (uint32_t)strtoul(argv[3], NULL, 10);
    const uint32_t files = count_entries("/proc/self/fd");
    const uint32_t shared = count_entries("/dev/shm");
    struct yoke_host *host = open_host(argv[1], argv[2], "echo");
    bool echo = true;
    const uint64_t start = yoke_host_clock();

    for (uint32_t i = 0; i < count; i++) {
        if (yoke_host_boot(host) != YOKE_OK) {
            fail("boot", host->error);
        }
        echo ? ping(host, i) : multiply(host, i);
        yoke_host_stop(host);
        if (count_children() != 0) {
            fail("stop", "a process is left");
        }
        // Every fifth time another firmware takes the same machine's place.
        if (i % 5 == 4) {
            yoke_host_close(host);
            free(host);
            echo = !echo;
            host = open_host(argv[1], argv[2], echo ? "echo" : "matrix");
        }
    }
    const double ms = (double)(yoke_host_clock() - start) / 1e6;
    yoke_host_close(host);
    free(host);
    if (count_entries("/proc/self/fd") != files) {
        fail("close", "a file or a socket is left open");
    }
    if (count_entries("/dev/shm") != shared) {
        fail("close", "shared memory is left");
    }
    (void)printf("%u cycles on machine %s, %.1f ms each\n", count, argv[1], ms / count);
    return 0;
}
