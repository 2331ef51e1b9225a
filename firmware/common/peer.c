// SPDX-License-Identifier: BSD-3-Clause
#include "peer_link.h"

#include <string.h>

#include <yoke/image.h>

#include "print.h"

#define NUM_MAX 64u
#define BUCKETS 16u
#define SERVICES 8u
#define ALIGN 64u
#define BUDGET 64u

static struct yoke_vdev vdev;
static struct yoke_service services[SERVICES];
static uintptr_t memory[YOKE_LINK_DRIVER_BYTES(NUM_MAX, NUM_MAX, BUCKETS) / sizeof(uintptr_t)];

/// Where rings and buffers go next.
static uint64_t next_da;

static int fail(int status, const char *what)
{
    print("cannot talk to the other core: ");
    print(what);
    print(": ");
    print(yoke_status_text(status));
    print("\n");
    return status;
}

static uint64_t take(uint64_t size)
{
    const uint64_t da = (next_da + ALIGN - 1) / ALIGN * ALIGN;

    next_da = da + size;
    return da;
}

/// Finds the rpmsg device in a private copy of the other core's table, and its log.
static int read_table(struct peer *peer, struct yoke_rsc_entry *rpmsg)
{
    static uint8_t copy[1024];
    const size_t size = board_peer.table_max < sizeof copy ? board_peer.table_max : sizeof copy;
    const void *const table = yoke_mem_at(&board_da, board_peer.table_da, size);
    struct yoke_refusal refusal;
    struct yoke_rsc_entry entry;
    struct yoke_rsc rsc;
    bool found = false;

    if (table == NULL) {
        return fail(YOKE_INVALID, "its table is in no window of board_da");
    }
    memcpy(copy, table, size);
    int status = yoke_rsc1_open(&rsc, yoke_bytes(copy, size), &refusal);
    while (status == YOKE_OK && (status = yoke_rsc_next(&rsc, &entry, &refusal)) == YOKE_OK) {
        if (entry.type == YOKE_RSC_TRACE) {
            const void *const log = yoke_mem_at(&board_da, entry.of.trace.da, entry.of.trace.len);
            if (log != NULL) {
                yoke_trace_init(&peer->log, log, (size_t)entry.of.trace.len, &board_port);
            }
        } else if (entry.type == YOKE_RSC_VDEV && entry.of.vdev.id == YOKE_ID_RPMSG &&
                   entry.of.vdev.num_of_vrings == 2) {
            *rpmsg = entry;
            found = true;
        }
    }
    if (status == YOKE_BAD_IMAGE) {
        char text[128];
        (void)yoke_refusal_text(&refusal, text, sizeof text);
        return fail(status, text);
    }
    return found ? YOKE_OK : fail(YOKE_NOT_FOUND, "its table has no rpmsg device");
}

static void on_link(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    struct peer *const peer = context;

    (void)link;
    if (event != YOKE_LINK_UP) {
        yoke_ns_clear(&peer->ns);
    }
}

/// Takes shared memory for `count` buffers. Whether there was so much is looked at later.
static struct yoke_link_pool take_pool(uint32_t count)
{
    const size_t size = (size_t)count * YOKE_RPMSG_BUFFER_SIZE;
    const uint64_t at = take(size);

    return (struct yoke_link_pool){yoke_mem_at(&board_da, at, size), at, size};
}

int peer_start(struct peer *peer)
{
    struct yoke_rsc_entry entry;
    struct yoke_crash *const crash =
        yoke_mem_at(&board_da, board_peer.crash_da, sizeof(struct yoke_crash));

    next_da = board_peer.shared_da;
    int status = crash == NULL ? YOKE_INVALID : read_table(peer, &entry);
    if (status != YOKE_OK) {
        return status;
    }
    peer->crash = crash;
    __atomic_store_n(&crash->magic, 0, __ATOMIC_RELEASE);

    void *const shared_entry =
        yoke_mem_at(&board_da, board_peer.table_da + entry.offset, entry.bytes.size);
    status = yoke_vdev_open(&vdev, shared_entry, entry.bytes.size, &board_port);
    for (uint32_t i = 0; status == YOKE_OK && i < 2; i++) {
        const struct yoke_rsc_queue *const ring = yoke_rsc_vring(&entry, i);
        status =
            yoke_vdev_driver_place(&vdev, i, take(yoke_vring_bytes(ring->num, ring->align)), i);
    }
    if (status != YOKE_OK) {
        return fail(status, "its rpmsg device cannot be opened");
    }

    const struct yoke_link_pool rx = take_pool(entry.of.vdev.vrings[YOKE_RPMSG_QUEUE_RX].num);
    const struct yoke_link_pool tx = take_pool(entry.of.vdev.vrings[YOKE_RPMSG_QUEUE_TX].num);
    if (next_da - board_peer.shared_da > board_peer.shared_size) {
        return fail(YOKE_NO_SPACE, "its rings and buffers do not fit into shared memory");
    }
    const struct yoke_link_config config = {
        .vdev = &vdev,
        .da = &board_da,
        .memory = memory,
        .memory_size = sizeof memory,
        .buckets = BUCKETS,
        .event = on_link,
        .context = peer,
        .rx_pool = rx,
        .tx_pool = tx,
    };
    status = yoke_link_driver_init(&peer->link, &config);
    if (status == YOKE_OK) {
        status = yoke_ns_listen(&peer->link, &peer->ns, services, SERVICES, NULL, NULL);
    }
    if (status == YOKE_OK) {
        board_peer_start();
        status = yoke_link_start(&peer->link);
    }
    return status == YOKE_OK ? YOKE_OK : fail(status, "no link");
}

static bool crashed(const struct peer *peer)
{
    static const char *const causes[] = {
        [YOKE_CRASH_INSTRUCTION] = "an instruction that the processor does not allow",
        [YOKE_CRASH_FETCH] = "no instruction could be fetched",
        [YOKE_CRASH_DATA] = "invalid memory access",
        [YOKE_CRASH_ALIGNMENT] = "memory access that is not aligned",
        [YOKE_CRASH_DIVISION] = "division by zero",
        [YOKE_CRASH_STACK] = "stack overflow",
    };

    if (__atomic_load_n(&peer->crash->magic, __ATOMIC_ACQUIRE) != YOKE_CRASH_MAGIC) {
        return false;
    }
    const struct yoke_crash crash = *peer->crash;
    if (crash.cause == YOKE_CRASH_EXIT) {
        print("the other core's firmware ended with code ");
        print_number((uint32_t)crash.status[0], 0);
    } else {
        const bool known = crash.cause < sizeof causes / sizeof causes[0];
        print("the other core crashed: ");
        print(known && causes[crash.cause] != NULL ? causes[crash.cause] : "a fault");
        print(" at pc ");
        print_hex(crash.pc);
        print(", address ");
        print_hex(crash.address);
        print(", status ");
        print_hex(crash.status[0]);
    }
    print("\n");
    return true;
}

/// One poll. Returns how many messages came; negative if the other core is gone, which was printed.
static int look(struct peer *peer)
{
    const int done = yoke_link_poll(&peer->link, BUDGET);

    if (crashed(peer)) {
        return YOKE_DOWN;
    }
    if (done < 0) {
        print("the other core broke the link: ");
        print(yoke_link_fault_text(yoke_link_fault(&peer->link)));
        print("\n");
    }
    return done;
}

int peer_step(struct peer *peer)
{
    const int done = look(peer);

    if (done == 0) {
        board_wait();
    }
    return done < 0 ? done : YOKE_OK;
}

int peer_step_patiently(struct peer *peer)
{
    const uint32_t start = board_clock();
    int done = 0;

    while (done == 0 && board_clock() - start < board_clock_hz / 10) {
        peer_show_log(peer);
        done = look(peer);
    }
    return done == 0 ? peer_step(peer) : done < 0 ? done : YOKE_OK;
}

void peer_show_log(struct peer *peer)
{
    char text[64];
    size_t size;
    bool line_start = true;

    if (peer->log.memory == NULL) {
        return;
    }
    while ((size = yoke_trace_read(&peer->log, text, sizeof text)) != 0) {
        for (size_t i = 0; i < size; i++) {
            if (line_start) {
                print("other core: ");
            }
            line_start = text[i] == '\n';
            board_put(text[i] >= ' ' || line_start ? text[i] : '?');
        }
    }
    if (!line_start) {
        print("\n");
    }
}
