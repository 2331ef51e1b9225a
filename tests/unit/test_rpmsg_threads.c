// SPDX-License-Identifier: BSD-3-Clause
// The driver's link and the device's against each other, each in a thread of its own: polled, and
// asleep until a doorbell rings. Run under the thread sanitizer too.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <yoke/rpmsg.h>
#include <yoke/table.h>

#define NUM 16u
#define PAGE 4096u
#define POOL_PA 0x100000000u
#define MESSAGES 200000u
#define SENDERS 3u
#define HOST 1024u
#define REMOTE 30u

/// A doorbell that stays rung until somebody waits for it.
struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool rung;
    uint64_t count;
};

static void ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    bell->rung = true;
    bell->count++;
    pthread_cond_signal(&bell->cond);
    pthread_mutex_unlock(&bell->mutex);
}

/// Sleeps until the bell rings; false if it did not within 30 seconds.
static bool wait_for(struct bell *bell)
{
    struct timespec until;
    int status = 0;

    timespec_get(&until, TIME_UTC);
    until.tv_sec += 30;
    pthread_mutex_lock(&bell->mutex);
    while (!bell->rung && status != ETIMEDOUT) {
        status = pthread_cond_timedwait(&bell->cond, &bell->mutex, &until);
    }
    const bool rung = bell->rung;
    bell->rung = false;
    pthread_mutex_unlock(&bell->mutex);
    return rung;
}

/// One end of the link.
struct end {
    struct yoke_link link;
    struct yoke_vdev vdev;
    struct yoke_port port;
    struct bell bell;  ///< That this end waits for.
    struct end *other; ///< Whom it rings.
    bool polled;
    struct yoke_ept ept;
    uint64_t sent, received;
    bool failed; ///< A message was lost, doubled or out of order, or a doorbell did not come.
    _Alignas(8) uint8_t memory[YOKE_LINK_DRIVER_BYTES(NUM, NUM, 16)];
};

struct pair {
    struct end host, remote;
    struct yoke_table_vdev *table;
    uint8_t *shared;
    struct yoke_window windows[2];
    struct yoke_mem da, pa;
};

static void notify(void *context, uint32_t notify_id)
{
    struct end *const other = ((struct end *)context)->other;

    (void)notify_id;
    yoke_link_signal(&other->link); // as an interrupt handler does
    ring(&other->bell);
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct end *const end = ept->context;
    uint64_t number[2];

    if (msg->size < sizeof number) {
        end->failed = true;
        return;
    }
    memcpy(number, msg->data, sizeof number);
    if (number[0] != end->received || number[1] != ~number[0]) {
        end->failed = true;
    }
    end->received++;
}

static void open_end(struct end *end, struct pair *pair, bool polled)
{
    end->polled = polled;
    end->port = (struct yoke_port){.notify = notify, .context = end};
    pthread_mutex_init(&end->bell.mutex, NULL);
    pthread_cond_init(&end->bell.cond, NULL);
    assert_int_equal(yoke_vdev_open(&end->vdev, pair->table, sizeof *pair->table, &end->port),
                     YOKE_OK);
}

static void open_pair(struct pair *pair, bool polled, uint64_t features)
{
    memset(pair, 0, sizeof *pair);
    pair->shared = aligned_alloc(PAGE, 3 * PAGE + 2 * NUM * 512);
    assert_non_null(pair->shared);
    memset(pair->shared, 0, 3 * PAGE + 2 * NUM * 512);
    pair->table = (void *)pair->shared;
    *pair->table = (struct yoke_table_vdev){
        .vdev = {.type = YOKE_RSC_VDEV,
                 .id = YOKE_ID_RPMSG,
                 .dfeatures = (uint32_t)features,
                 .num_of_vrings = 2},
        .vring = {{.da = YOKE_RSC_ADDR_ANY, .align = 64, .num = NUM},
                  {.da = YOKE_RSC_ADDR_ANY, .align = 64, .num = NUM}},
    };
    pair->windows[0] = (struct yoke_window){PAGE, 2 * PAGE, pair->shared + PAGE};
    pair->windows[1] = (struct yoke_window){POOL_PA, 2 * NUM * 512, pair->shared + 3 * PAGE};
    pair->da = (struct yoke_mem){&pair->windows[0], 1};
    pair->pa = (struct yoke_mem){&pair->windows[1], 1};
    pair->host.other = &pair->remote;
    pair->remote.other = &pair->host;
    open_end(&pair->host, pair, polled);
    open_end(&pair->remote, pair, polled);
    struct yoke_link_config config = {
        .vdev = &pair->host.vdev,
        .da = &pair->da,
        .pa = &pair->pa,
        .memory = pair->host.memory,
        .memory_size = sizeof pair->host.memory,
        .buckets = 16,
        .polled = polled,
        .rx_pool = {pair->shared + 3 * PAGE, POOL_PA, NUM * 512},
        .tx_pool = {pair->shared + 3 * PAGE + NUM * 512, POOL_PA + NUM * 512, NUM * 512},
    };
    assert_int_equal(yoke_vdev_driver_place(&pair->host.vdev, 0, PAGE, 0), YOKE_OK);
    assert_int_equal(yoke_vdev_driver_place(&pair->host.vdev, 1, 2 * PAGE, 1), YOKE_OK);
    assert_int_equal(yoke_link_driver_init(&pair->host.link, &config), YOKE_OK);
    config.vdev = &pair->remote.vdev;
    config.memory = pair->remote.memory;
    assert_int_equal(yoke_link_device_init(&pair->remote.link, &config), YOKE_OK);
    assert_int_equal(
        yoke_ept_open(&pair->host.link, &pair->host.ept, HOST, REMOTE, receive, &pair->host),
        YOKE_OK);
    assert_int_equal(
        yoke_ept_open(&pair->remote.link, &pair->remote.ept, REMOTE, HOST, receive, &pair->remote),
        YOKE_OK);
}

static void close_pair(struct pair *pair)
{
    pthread_mutex_destroy(&pair->host.bell.mutex);
    pthread_cond_destroy(&pair->host.bell.cond);
    pthread_mutex_destroy(&pair->remote.bell.mutex);
    pthread_cond_destroy(&pair->remote.bell.cond);
    free(pair->shared);
}

/// Sends the next message, by copy or by claim. Returns what the library says.
static int send_next(struct end *end)
{
    const uint64_t number[2] = {end->sent, ~end->sent};
    struct yoke_tx tx;
    int status;

    if (end->sent % 2 == 0) {
        return yoke_send(&end->ept, number, sizeof number);
    }
    status = yoke_claim(&end->ept, &tx);
    if (status == YOKE_OK) {
        memcpy(tx.data, number, sizeof number);
        status = yoke_commit(&end->ept, &tx, sizeof number);
    }
    return status;
}

/// Poll, send until there is no buffer, and sleep only if the poll drained everything.
static void *run(void *argument)
{
    struct end *const end = argument;

    while (!end->failed && (end->sent < MESSAGES || end->received < MESSAGES)) {
        const int done = yoke_link_poll(&end->link, 8);
        if (done < 0 && done != YOKE_DOWN) {
            end->failed = true;
            break;
        }
        int status = done < 0 ? YOKE_DOWN : YOKE_OK;
        while (status == YOKE_OK && end->sent < MESSAGES) {
            status = send_next(end);
            end->sent += status == YOKE_OK;
        }
        if (end->sent == MESSAGES && end->received == MESSAGES) {
            break;
        }
        if (done < 8 && end->polled) {
            sched_yield();
        } else if (done < 8 && !wait_for(&end->bell)) {
            end->failed = true;
        }
    }
    return NULL;
}

static void exchange(bool polled, uint64_t features)
{
    static struct pair pair;
    pthread_t host, remote;

    open_pair(&pair, polled, features);
    // The device waits for the driver, which starts meanwhile.
    assert_int_equal(pthread_create(&remote, NULL, run, &pair.remote), 0);
    assert_int_equal(yoke_link_start(&pair.host.link), YOKE_OK);
    assert_int_equal(pthread_create(&host, NULL, run, &pair.host), 0);
    pthread_join(host, NULL);
    pthread_join(remote, NULL);
    assert_false(pair.host.failed);
    assert_false(pair.remote.failed);
    assert_int_equal(pair.host.received, MESSAGES);
    assert_int_equal(pair.remote.received, MESSAGES);
    assert_int_equal(yoke_link_stats(&pair.host.link)->bad, 0);
    assert_int_equal(yoke_link_stats(&pair.remote.link)->bad, 0);
    if (polled) { // but for the first, which says that the driver is ready
        assert_true(pair.host.bell.count + pair.remote.bell.count < 2 * MESSAGES / 1000);
    }
    close_pair(&pair);
}

static void polled_links_lose_nothing_between_threads(void **state)
{
    (void)state;
    exchange(true, YOKE_F_RPMSG_NS);
}

static void polled_links_with_event_idx_lose_nothing_between_threads(void **state)
{
    (void)state;
    exchange(true, YOKE_F_RING_EVENT_IDX);
}

static void sleeping_links_miss_no_doorbell(void **state)
{
    (void)state;
    exchange(false, YOKE_F_RPMSG_NS);
}

static void sleeping_links_with_event_idx_miss_no_doorbell(void **state)
{
    (void)state;
    exchange(false, YOKE_F_RING_EVENT_IDX);
}

// ------------------------------------------------------------------ several threads, one lock, one
// link

struct shared_link {
    struct pair pair;
    pthread_mutex_t lock; ///< Around every call on the host's link but yoke_link_signal().
    uint64_t next;        ///< Number of the next message.
    bool failed;
};

/// A thread that only sends; the poller's doorbell tells it to try again.
static void *send_under_lock(void *argument)
{
    struct shared_link *const s = argument;
    bool done = false;

    while (!done) {
        pthread_mutex_lock(&s->lock);
        done = s->next >= MESSAGES || s->failed;
        if (!done) {
            const uint64_t number[2] = {s->next, ~s->next};
            const int status = yoke_send(&s->pair.host.ept, number, sizeof number);
            s->next += status == YOKE_OK;
            s->failed = status != YOKE_OK && status != YOKE_AGAIN;
        }
        pthread_mutex_unlock(&s->lock);
        sched_yield();
    }
    return NULL;
}

static void *poll_under_lock(void *argument)
{
    struct shared_link *const s = argument;
    bool done = false;

    while (!done) {
        pthread_mutex_lock(&s->lock);
        const int status = yoke_link_poll(&s->pair.host.link, 8);
        s->failed = s->failed || status < 0;
        done = s->failed || (s->pair.host.received == MESSAGES && s->next == MESSAGES);
        pthread_mutex_unlock(&s->lock);
        if (!done && status < 8 && !yoke_link_signalled(&s->pair.host.link)) {
            sched_yield();
        }
    }
    return NULL;
}

static void threads_share_a_link_under_a_lock_and_signal_it_without(void **state)
{
    static struct shared_link s;
    pthread_t remote, poller, senders[SENDERS];

    (void)state;
    memset(&s, 0, sizeof s);
    pthread_mutex_init(&s.lock, NULL);
    open_pair(&s.pair, false, YOKE_F_RPMSG_NS);
    assert_int_equal(yoke_link_start(&s.pair.host.link), YOKE_OK);
    assert_int_equal(pthread_create(&remote, NULL, run, &s.pair.remote), 0);
    assert_int_equal(pthread_create(&poller, NULL, poll_under_lock, &s), 0);
    for (uint32_t i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_create(&senders[i], NULL, send_under_lock, &s), 0);
    }
    for (uint32_t i = 0; i < SENDERS; i++) {
        pthread_join(senders[i], NULL);
    }
    pthread_join(poller, NULL);
    pthread_join(remote, NULL);
    assert_false(s.failed || s.pair.host.failed || s.pair.remote.failed);
    assert_int_equal(s.pair.host.received, MESSAGES);
    assert_int_equal(s.pair.remote.received, MESSAGES);
    close_pair(&s.pair);
    pthread_mutex_destroy(&s.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polled_links_lose_nothing_between_threads),
        cmocka_unit_test(polled_links_with_event_idx_lose_nothing_between_threads),
        cmocka_unit_test(sleeping_links_miss_no_doorbell),
        cmocka_unit_test(sleeping_links_with_event_idx_miss_no_doorbell),
        cmocka_unit_test(threads_share_a_link_under_a_lock_and_signal_it_without),
    };
    return cmocka_run_group_tests_name("rpmsg_threads", tests, NULL, NULL);
}
