// SPDX-License-Identifier: BSD-3-Clause
// The echo test that people know from boards: messages of every size to an echo service, compared.
//
//     echo_test [DEVICE [ROUNDS]]      the default is /dev/rpmsg0, once
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST 496

int main(int argc, char **argv)
{
    const char *const device = argc > 1 ? argv[1] : "/dev/rpmsg0";
    const int rounds = argc > 2 ? atoi(argv[2]) : 1;
    struct pollfd rpmsg = {.fd = open(device, O_RDWR | O_NONBLOCK), .events = POLLIN};
    unsigned char sent[LONGEST];
    unsigned char got[LONGEST];

    if (rpmsg.fd < 0) {
        perror(device);
        return 1;
    }
    for (int round = 0; round < rounds; round++) {
        for (int size = 1; size <= LONGEST; size++) {
            memset(sent, 0xa5 ^ size, (size_t)size);
            if (write(rpmsg.fd, sent, (size_t)size) != size) {
                perror("write");
                return 1;
            }
            if (poll(&rpmsg, 1, 1000) != 1) {
                (void)fprintf(stderr, "no answer to %d bytes within a second\n", size);
                return 1;
            }
            if (read(rpmsg.fd, got, sizeof got) != size || memcmp(sent, got, (size_t)size) != 0) {
                (void)fprintf(stderr, "%d bytes did not come back as they were\n", size);
                return 1;
            }
        }
    }
    (void)printf("%d rounds of sizes 1 to %d: every byte came back\n", rounds, LONGEST);
    return 0;
}
