// SPDX-License-Identifier: BSD-3-Clause
// Multiplies matrices. Request: u32 N, then two N x N matrices of int32, row by row, little endian.
// Answer: u32 N and the product (modulo 2^32); N = 0 alone says that the request was not valid.
#include <string.h>

#include <board.h>
#include <yoke/table.h>

#include "serve.h"

#define MATRIX_TABLE(ENTRY)                                                                        \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(VDEV, rpmsg, SERVE_RPMSG)
YOKE_TABLE(table, MATRIX_TABLE);

/// The largest N whose request fits into one message of 496 bytes.
#define LARGEST 7u

/// A private copy: what is checked stays what was checked.
static uint8_t request_copy[4 + 2 * 4 * LARGEST * LARGEST];
static uint8_t reply[4 + 4 * LARGEST * LARGEST];

/// Fills in `reply`; returns its size.
static size_t multiply(const uint8_t *request, size_t size)
{
    const uint32_t n = size >= 4 ? yoke_le32(request) : 0;

    if (n == 0 || n > LARGEST || size != 4 + 8 * n * n) {
        yoke_put_le32(reply, 0);
        return 4;
    }
    const uint8_t *const a = request + 4;
    const uint8_t *const b = a + 4 * n * n;
    yoke_put_le32(reply, n);
    for (uint32_t row = 0; row < n; row++) {
        for (uint32_t column = 0; column < n; column++) {
            uint32_t sum = 0;
            for (uint32_t i = 0; i < n; i++) {
                sum += yoke_le32(a + 4 * (row * n + i)) * yoke_le32(b + 4 * (i * n + column));
            }
            yoke_put_le32(reply + 4 + 4 * (row * n + column), sum);
        }
    }
    return 4 + 4 * n * n;
}

static int answer(struct service *service, const struct yoke_msg *request)
{
    size_t size = 0;

    if (request->size <= sizeof request_copy) {
        size = request->size;
        memcpy(request_copy, request->data, size);
    }
    size = multiply(request_copy, size);
    return yoke_send_to(&service->ept, request->src, reply, size);
}

int main(void)
{
    static struct service services[] = {{.name = "matrix", .answer = answer}};

    board_trace("matrix: ready\n");
    return serve(&table.rpmsg, services, 1);
}
