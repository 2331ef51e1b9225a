// SPDX-License-Identifier: BSD-3-Clause
// Firmware with a resource table of version 2 that uses all of it: large messages, parameters, a
// trace block, a power block, locks. It does what messages tell it, by their first byte.
#include <string.h>

#include <board.h>
#include <yoke/rpmsg.h>
#include <yoke/table2.h>

#define RELEASE() __atomic_thread_fence(__ATOMIC_RELEASE)
#define FULL() __atomic_thread_fence(__ATOMIC_SEQ_CST)

YOKE_TRACE_BLOCK(trace, 256);
static struct yoke_rsc2_power_block power;
static volatile uint32_t level = 3;
static volatile int16_t delta = -1;
static volatile uint8_t loud;
static volatile char title[16] = "no title";
__attribute__((section(".text.key"))) // Among the code, which is not written to.
static const volatile uint8_t key[4] = {1, 2, 3, 4};
static uint32_t locks[4][2];

#define DUTY_TABLE(ENTRY)                                                                          \
    ENTRY(TRACE_BLOCK, trace, trace, "log")                                                        \
    ENTRY(REQUIRED(POWER), power, power,                                                           \
          YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND | YOKE_RSC2_F_HOST_RESTARTS)                      \
    ENTRY(PARAMETER, level, UNSIGNED, level, "level")                                              \
    ENTRY(PARAMETER, delta, SIGNED, delta, "delta")                                                \
    ENTRY(PARAMETER, loud, BOOLEAN, loud, "loud")                                                  \
    ENTRY(PARAMETER, title, STRING, title, "title")                                                \
    ENTRY(PARAMETER, key, BYTES, key, "key")                                                       \
    ENTRY(LOCKS, locks, locks, 0xa5, 0x5a, "locks")                                                \
    ENTRY(RPMSG_SIZED, rpmsg, YOKE_F_RING_EVENT_IDX, 4, 65544, 8, 32768)
YOKE_TABLE_2(table, DUTY_TABLE);

static bool deaf; // Requests are not answered any more.

/// Writes to the trace, by T2-36 and T2-41.
static void log_bytes(const char *text, uint32_t count)
{
    struct yoke_rsc2_trace_block *const head = &trace.head;
    const uint32_t old = head->write;
    const uint32_t new = old + count;

    __atomic_store_n(&head->begin, new, __ATOMIC_RELAXED);
    FULL();
    for (uint32_t i = 0; i < count; i++) {
        trace.text[(old + i) % sizeof trace.text] = text[i];
    }
    RELEASE();
    __atomic_store_n(&head->write, new, __ATOMIC_RELAXED);
    FULL();
    if (new - __atomic_load_n(&head->notify_at, __ATOMIC_RELAXED) - 1 < new - old) {
        board_port.notify(board_port.context, table_2.trace.notifyid);
    }
}

static void answer_request(uint32_t number, uint32_t state)
{
    __atomic_store_n(&power.state, state, __ATOMIC_RELAXED);
    RELEASE();
    __atomic_store_n(&power.answered, number, __ATOMIC_RELAXED);
    FULL();
    board_port.notify(board_port.context, table_2.power.notifyid);
}

/// Looks for a request. Returns the state to be in.
static uint32_t look_for_request(uint32_t state)
{
    const uint32_t number = __atomic_load_n(&power.number, __ATOMIC_ACQUIRE);
    const uint32_t request = __atomic_load_n(&power.request, __ATOMIC_RELAXED);

    if (number == power.answered || deaf) {
        return state;
    }
    if (request == YOKE_RSC2_REQUEST_STOP) {
        log_bytes("stopping\n", 9);
        state = YOKE_RSC2_POWER_STOPPED;
    } else if (request == YOKE_RSC2_REQUEST_SUSPEND && state == YOKE_RSC2_POWER_RUNNING) {
        state = YOKE_RSC2_POWER_SUSPENDED;
    } else if (request == YOKE_RSC2_REQUEST_RUN && state == YOKE_RSC2_POWER_SUSPENDED) {
        state = YOKE_RSC2_POWER_RUNNING;
    }
    answer_request(number, state);
    return state;
}

static void report(struct yoke_ept *ept, uint32_t to)
{
    struct {
        uint32_t level;
        int16_t delta;
        uint8_t loud;
        uint8_t pad;
        char title[16];
        uint8_t key[4];
    } answer = {.level = level, .delta = delta, .loud = loud};

    for (uint32_t i = 0; i < 16; i++) {
        answer.title[i] = title[i];
    }
    for (uint32_t i = 0; i < 4; i++) {
        answer.key[i] = key[i];
    }
    (void)yoke_send_to(ept, to, &answer, sizeof answer);
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    const uint8_t *const data = msg->data;
    uint32_t count = 0;

    switch (msg->size != 0 ? data[0] : 0) {
    case 'E': // sends it back
        (void)yoke_send_to(ept, msg->src, data, msg->size);
        break;
    case 'B': // sends so many bytes, of which each is the number of its place
        memcpy(&count, data + 4, 4);
        struct yoke_tx tx;
        if (yoke_claim(ept, &tx) == YOKE_OK) {
            for (uint32_t i = 0; i < count && i < tx.size; i++) {
                ((uint8_t *)tx.data)[i] = (uint8_t)(i * 7 + i / 256);
            }
            (void)yoke_commit_to(ept, msg->src, &tx, count < tx.size ? count : tx.size);
        }
        break;
    case 'P': // reports what parameters are
        report(ept, msg->src);
        break;
    case 'T': // writes so many lines of 32 bytes to the trace
        memcpy(&count, data + 4, 4);
        for (uint32_t i = 0; i < count; i++) {
            char line[33] = "line of trace number 0000000000\n";
            for (uint32_t k = 30, n = i; n != 0; n /= 10) {
                line[k--] = (char)('0' + n % 10);
            }
            log_bytes(line, 32);
        }
        break;
    case 'L': // takes locks 0 and 2; another core has lock 3
        locks[0][0] = 0xa5;
        locks[2][0] = 0xa5;
        locks[3][0] = 0xb6;
        (void)yoke_send_to(ept, msg->src, "L", 1);
        break;
    case 'D': // answers no requests any more
        deaf = true;
        break;
    case 'F': // fails
        answer_request(power.answered, YOKE_RSC2_POWER_FAILED);
        break;
    case 'X': // spoils its trace block
        trace.head.write = 0xfffffff0;
        trace.head.size = 0xffffffff;
        trace.head.begin = 0x80000000;
        (void)yoke_send_to(ept, msg->src, "X", 1);
        break;
    default:
        board_exit(7);
    }
}

int main(void)
{
    static uintptr_t memory[YOKE_LINK_DEVICE_BYTES(8, 4, 4) / sizeof(uintptr_t)];
    static struct yoke_vdev vdev;
    static struct yoke_link link;
    static struct yoke_ept ept;
    const struct yoke_link_config setup = {.vdev = &vdev,
                                           .da = &board_da,
                                           .pa = &board_pa,
                                           .memory = memory,
                                           .memory_size = sizeof memory,
                                           .buckets = 4,
                                           .rx_size = 32768,
                                           .tx_size = 65544};
    uint32_t state = YOKE_RSC2_POWER_RUNNING;

    log_bytes("duty: ready\n", 12);
    if (yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &board_port) != YOKE_OK ||
        yoke_link_device_init(&link, &setup) != YOKE_OK) {
        return 9;
    }
    (void)yoke_ept_open(&link, &ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, receive, NULL);
    (void)yoke_announce(&ept, "duty");
    __atomic_store_n(&power.state, state, __ATOMIC_RELEASE);
    for (;; board_wait()) {
        state = look_for_request(state);
        while (state == YOKE_RSC2_POWER_RUNNING && yoke_link_poll(&link, 32) == 32) {
        }
    }
}
