// SPDX-License-Identifier: BSD-3-Clause
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/// Firmware is small; a file beyond this is a mistake, and not read.
#define LARGEST ((off_t)256 << 20)

static int read_all(int fd, struct yoke_bytes *bytes)
{
    struct stat about;

    if (fstat(fd, &about) != 0) {
        return errno;
    }
    if (!S_ISREG(about.st_mode)) {
        return S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    }
    if (about.st_size > LARGEST) {
        return EFBIG;
    }
    const size_t size = (size_t)about.st_size;
    uint8_t *const data = malloc(size != 0 ? size : 1);
    if (data == NULL) {
        return ENOMEM;
    }
    size_t done = 0;
    while (done < size) {
        const ssize_t got = read(fd, data + done, size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break; // It became shorter meanwhile: what there is, is judged as it is.
        }
        done += (size_t)got;
    }
    *bytes = yoke_bytes(data, done);
    return 0;
}

int yoke_file_read(const char *path, struct yoke_bytes *bytes)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno;
    }
    const int error = read_all(fd, bytes);
    (void)close(fd);
    return error;
}

void yoke_file_free(struct yoke_bytes *bytes)
{
    free((void *)(uintptr_t)bytes->data); // NOLINT(performance-no-int-to-ptr)
    *bytes = yoke_bytes(NULL, 0);
}
