// SPDX-License-Identifier: BSD-3-Clause
/// \file vectors_play.h
/// A link of the library in the memory that spec/vectors/README.md describes, for sequences.
#ifndef YOKE_TEST_VECTORS_PLAY_H
#define YOKE_TEST_VECTORS_PLAY_H

#include <yoke/rpmsg.h>

#include "vectors.h"

#define PLAY_DA 0x10000000u
#define PLAY_PA 0x480000000u
#define PLAY_SIZE 0x1400u
#define PLAY_RINGS 0x100u
#define PLAY_BUFFERS 0x400u
#define PLAY_NUM 4u
#define PLAY_LOG 32u

/// A message, as a side sent it or an endpoint got it.
struct play_message {
    uint32_t src; ///< This and the next only if it was received.
    uint32_t dst;
    size_t size;
    uint8_t data[2048];
};

struct play_log {
    struct play_message messages[PLAY_LOG];
    unsigned count;
};

struct play {
    _Alignas(16) uint8_t memory[PLAY_SIZE];
    const struct vector *vector;
    int step; ///< The one that is played.
    bool driver;
    uint32_t sizes[2]; ///< Of the buffers of each queue, if both sides agree.

    struct yoke_link link;
    struct yoke_vdev vdev;
    struct yoke_port port;
    struct yoke_window windows[2];
    struct yoke_mem da;
    struct yoke_mem pa;
    _Alignas(void *) uint8_t private[YOKE_LINK_DRIVER_BYTES(PLAY_NUM, PLAY_NUM, 16)];
    struct yoke_ept epts[16];
    unsigned ept_count;
    struct yoke_ns ns;
    struct yoke_service services[4];
    uint64_t hold; ///< Messages to keep.
    yoke_ticket kept[PLAY_NUM];
    unsigned kept_count;

    // What happened since the last expect.
    struct play_log received;
    struct play_log sent;
    uint32_t returned[PLAY_LOG][2];
    unsigned returned_count;
    uint32_t empty[PLAY_LOG];
    unsigned empty_count;
    bool rang[2];
    bool rang_at_all;
    uint8_t at_doorbell[PLAY_SIZE];

    uint16_t seen[2];  ///< Elements of the subject's that were looked at.
    uint16_t taken[2]; ///< Subject is a driver: buffers that the device took,
    uint16_t given[2]; ///< and gave back,
    uint32_t last[2];  ///< the last one of which this was.
};

/// Sets memory and link up as a vector's `setup`, which may be NULL, says.
void play_open(struct play *play, const struct vector *vector, const cJSON *setup, bool driver);

/// Opens an endpoint that logs what it gets. Returns as yoke_ept_open().
int play_ept(struct play *play, uint32_t addr);

/// Plays the link until it would wait.
void play_run(struct play *play);

/// Plays a list of steps.
void play_steps(struct play *play, const cJSON *steps);

/// Little endian fields of the shared memory.
uint32_t play_get(const struct play *play, size_t at, size_t size);
void play_put(struct play *play, size_t at, size_t size, uint64_t value);

#endif
