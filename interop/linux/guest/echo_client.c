// SPDX-License-Identifier: BSD-3-Clause
// The client that the conformance checker looks for: greets every rpmsg channel that appears as a
// device file, and sends back what comes. Until it is ended.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES 64
#define LONGEST 512

/// By the number in the file's name; fd -1: not there.
static struct pollfd files[FILES];

static void look_for_files(const char *before)
{
    for (int i = 0; i < FILES; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/dev/rpmsg%d", i);
        if (files[i].fd >= 0 || access(path, F_OK) != 0) {
            continue;
        }
        files[i] = (struct pollfd){.fd = open(path, O_RDWR), .events = POLLIN};
        if (files[i].fd >= 0 && write(files[i].fd, before, strlen(before)) < 0) {
            (void)close(files[i].fd);
            files[i].fd = -1;
        }
    }
}

int main(void)
{
    char data[LONGEST];

    for (int i = 0; i < FILES; i++) {
        files[i].fd = -1;
    }
    for (;;) {
        look_for_files("hello");
        if (poll(files, FILES, 10) <= 0) {
            continue;
        }
        for (int i = 0; i < FILES; i++) {
            const short events = files[i].revents;
            ssize_t got = 0;
            if (files[i].fd < 0 || events == 0) {
                continue;
            }
            if ((events & POLLIN) != 0) {
                got = read(files[i].fd, data, sizeof data);
            }
            if ((events & (POLLHUP | POLLERR)) != 0 || got < 0 ||
                ((events & POLLIN) != 0 && write(files[i].fd, data, (size_t)got) < 0)) {
                (void)close(files[i].fd);
                files[i].fd = -1;
            }
        }
    }
}
