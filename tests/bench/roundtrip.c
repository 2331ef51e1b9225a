// SPDX-License-Identifier: BSD-3-Clause
// One round trip, over and over, for an instruction counter: `roundtrip MODE SIZE COUNT`; or, as
// firmware, with the same three as words at the start of shared memory.
//
// The host sends SIZE bytes, the remote echoes them from inside its receive callback, the host
// checks the 8-byte sequence number. Both ends run in this thread, each polled by a direct call.
// 64 descriptors each way, 512-byte buffers, fixed addresses, no name service.
// Modes: `copy` sends copies; `nocopy` writes into claimed buffers; `null` is a one-slot mailbox:
// what the harness itself costs.
#include <string.h>

#include <yoke/rpmsg.h>
#include <yoke/table.h>

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}
#else
#include <board.h>

static _Noreturn void fail(const char *what)
{
    board_trace(what);
    board_exit(1);
}
#endif

#define NUM 64
#define HOST 1024
#define REMOTE 30
#define POOL_PA 0x3ed00000u

#define BENCH_TABLE(ENTRY) ENTRY(RPMSG, rpmsg, NUM)
YOKE_TABLE(table, BENCH_TABLE);

static _Alignas(4096) uint8_t shared[4 * 4096 + 2 * NUM * 512];
static struct yoke_link host, remote;
static struct yoke_ept host_ept, remote_ept;
static uint8_t payload[512], mailbox[512];
static uint64_t expected, received;
static bool copy;

static void no_doorbell(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id;
}

static void check(const void *data)
{
    uint64_t sequence;
    memcpy(&sequence, data, sizeof sequence);
    if (sequence != expected) {
        fail("wrong sequence number");
    }
    received++;
}

static void host_receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    check(msg->data);
}

static void remote_receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct yoke_tx tx;
    int status;

    if (copy) {
        status = yoke_send_to(ept, msg->src, msg->data, msg->size);
    } else {
        status = yoke_claim(ept, &tx);
        if (status == YOKE_OK) {
            memcpy(tx.data, msg->data, sizeof(uint64_t));
            status = yoke_commit_to(ept, msg->src, &tx, msg->size);
        }
    }
    if (status != YOKE_OK) {
        fail("no answer could be sent");
    }
}

static void set_up(void)
{
    static const struct yoke_port port = {.notify = no_doorbell};
    static const struct yoke_window rings = {0x1000, 4 * 4096, shared};
    static const struct yoke_window buffers = {POOL_PA, 2 * NUM * 512, shared + 4 * 4096};
    static const struct yoke_mem da = {&rings, 1}, pa = {&buffers, 1};
    static struct yoke_vdev host_vdev, remote_vdev;
    static _Alignas(8) uint8_t host_memory[YOKE_LINK_DRIVER_BYTES(NUM, NUM, 16)];
    static _Alignas(8) uint8_t remote_memory[YOKE_LINK_DEVICE_BYTES(NUM, NUM, 16)];

    struct yoke_link_config config = {
        .vdev = &host_vdev,
        .da = &da,
        .memory = host_memory,
        .memory_size = sizeof host_memory,
        .buckets = 16,
        .polled = true,
        .rx_pool = {shared + 4 * 4096, POOL_PA, NUM * 512},
        .tx_pool = {shared + 4 * 4096 + NUM * 512, POOL_PA + NUM * 512, NUM * 512},
    };
    int bad = yoke_vdev_open(&host_vdev, &table.rpmsg, sizeof table.rpmsg, &port);
    bad |= yoke_vdev_driver_place(&host_vdev, 0, 0x1000, 0);
    bad |= yoke_vdev_driver_place(&host_vdev, 1, 0x3000, 1);
    bad |= yoke_link_driver_init(&host, &config);
    bad |= yoke_ept_open(&host, &host_ept, HOST, REMOTE, host_receive, NULL);
    bad |= yoke_link_start(&host);

    config.vdev = &remote_vdev;
    config.pa = &pa;
    config.memory = remote_memory;
    config.memory_size = sizeof remote_memory;
    bad |= yoke_vdev_open(&remote_vdev, &table.rpmsg, sizeof table.rpmsg, &port);
    bad |= yoke_link_device_init(&remote, &config);
    bad |= yoke_ept_open(&remote, &remote_ept, REMOTE, HOST, remote_receive, NULL);
    if (bad != YOKE_OK || yoke_link_poll(&remote, 1) != 0) {
        fail("set-up failed");
    }
}

static void round_trip(size_t size)
{
    struct yoke_tx tx;
    int status;

    expected++;
    memcpy(payload, &expected, sizeof expected);
    if (copy) {
        status = yoke_send(&host_ept, payload, size);
    } else {
        status = yoke_claim(&host_ept, &tx);
        if (status == YOKE_OK) {
            memcpy(tx.data, &expected, sizeof expected);
            status = yoke_commit(&host_ept, &tx, size);
        }
    }
    if (status != YOKE_OK || yoke_link_poll(&remote, NUM) != 1 || yoke_link_poll(&host, NUM) != 1) {
        fail("a round trip failed");
    }
}

static void __attribute__((noinline)) mailbox_put(const void *data, size_t size)
{
    memcpy(mailbox, data, size);
}

static void __attribute__((noinline)) mailbox_echo(size_t size)
{
    uint8_t reply[512];
    memcpy(reply, mailbox, size);
    mailbox_put(reply, size);
}

static void null_trip(size_t size)
{
    expected++;
    memcpy(payload, &expected, sizeof expected);
    mailbox_put(payload, size);
    mailbox_echo(size);
    check(mailbox);
}

/// Returns 0, or 1 if not all came back.
static int run(bool null, size_t size, unsigned long count)
{
    set_up();
    for (unsigned long i = 0; i < count; i++) {
        if (null) {
            null_trip(size);
        } else {
            round_trip(size);
        }
    }
    return received == count ? 0 : 1;
}

#if __STDC_HOSTED__
int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: roundtrip copy|nocopy|null SIZE COUNT\n");
        return 2;
    }
    const bool null = strcmp(argv[1], "null") == 0;
    const size_t size = strtoul(argv[2], NULL, 10);

    copy = strcmp(argv[1], "copy") == 0;
    if ((!null && !copy && strcmp(argv[1], "nocopy") != 0) || size < 8 || size > 496) {
        fprintf(stderr, "roundtrip: MODE is copy, nocopy or null; SIZE is 8 to 496\n");
        return 2;
    }
    return run(null, size, strtoul(argv[3], NULL, 10));
}
#else
// The modes are 0: null, 1: copy, 2: nocopy.
int main(void)
{
    const uint32_t *const request = board_da.windows[0].va;

    copy = request[0] == 1;
    return run(request[0] == 0, request[1], request[2]);
}
#endif
