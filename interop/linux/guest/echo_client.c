// SPDX-License-Identifier: BSD-3-Clause
// The client that the conformance checker looks for: greets every rpmsg channel that appears as a
// device file, and sends back what comes. Until it is ended.
//
// It asks each file again and again instead of using poll(): Linux 6.1 has been seen to fall over a
// channel that goes while somebody polls it (rpmsg_poll), and here channels go all the time.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILES 64
#define LONGEST 512

/// By the number in the file's name; -1: not there.
static int files[FILES];

/// Reads at once or not at all; writes wait for a buffer.
static bool set_waiting(int fd, bool waits)
{
    return fcntl(fd, F_SETFL, waits ? 0 : O_NONBLOCK) == 0;
}

static void let_go(int i)
{
    (void)close(files[i]);
    files[i] = -1;
}

static void look_for_file(int i, const char *before)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/dev/rpmsg%d", i);
    if (access(path, F_OK) != 0) {
        return;
    }
    files[i] = open(path, O_RDWR);
    if (files[i] >= 0 && write(files[i], before, strlen(before)) < 0) {
        let_go(i);
    }
}

/// Sends back what came. Returns true if something did.
static bool serve(int i)
{
    char data[LONGEST];

    if (!set_waiting(files[i], false)) {
        let_go(i);
        return false;
    }
    const ssize_t got = read(files[i], data, sizeof data);
    if (got < 0 && errno == EAGAIN) {
        return false;
    }
    if (got < 0 || !set_waiting(files[i], true) || write(files[i], data, (size_t)got) < 0) {
        let_go(i);
        return false;
    }
    return true;
}

int main(void)
{
    for (int i = 0; i < FILES; i++) {
        files[i] = -1;
    }
    for (;;) {
        bool any = false;
        for (int i = 0; i < FILES; i++) {
            if (files[i] < 0) {
                look_for_file(i, "hello");
            } else {
                any = serve(i) || any;
            }
        }
        if (!any) {
            (void)usleep(1000);
        }
    }
}
