// SPDX-License-Identifier: BSD-3-Clause
#include <stdio.h>
#include <yoke/host.h>

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    printf("the firmware says: %.*s\n", (int)msg->size, (const char *)msg->data);
    *(bool *)ept->context = true;
}

static int talk(struct yoke_host *host, const char *path)
{
    const struct yoke_service *service;
    struct yoke_ept ept = {0};
    bool answered = false;

    if (yoke_host_open(host, path, NULL) < 0 || yoke_host_boot(host) < 0 ||
        (service = yoke_host_find(host, "hello", 2000)) == NULL) {
        return 1;
    }
    yoke_ept_open(&host->link, &ept, YOKE_RPMSG_ADDR_ANY, service->addr, receive, &answered);
    yoke_send(&ept, "hi", 2);
    while (!answered) {
        if (yoke_host_wait(host, 1000) < 0) {
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct yoke_host host;
    const int failed = talk(&host, argc > 1 ? argv[1] : "hello.elf");
    if (failed) {
        fprintf(stderr, "hello_host: %s\n", host.error);
    }
    yoke_host_close(&host);
    return failed;
}
