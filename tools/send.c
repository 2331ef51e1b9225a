// SPDX-License-Identifier: BSD-3-Clause
// --send: one message of text to a service, and what it answers.
#include <string.h>

#include "run.h"

/// What came back.
struct answer {
    char text[1024]; ///< Cleaned.
    bool there;
};

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct answer *const answer = ept->context;

    (void)tool_clean(answer->text, sizeof answer->text, msg->data, msg->size);
    answer->there = true;
}

bool tool_send_parse(struct tool_send *send, const char *text)
{
    const size_t length = strcspn(text, ":");

    if (length == 0 || length >= sizeof send->service || text[length] == '\0') {
        tool_error("write SERVICE:TEXT, as in echo:hello", "--send %s: makes no sense", text);
        return false;
    }
    *send = (struct tool_send){.text = text + length + 1};
    memcpy(send->service, text, length);
    return true;
}

int run_send(struct run *run, const struct tool_send *send, struct yoke_host *host, uint32_t addr)
{
    const uint64_t deadline = yoke_host_clock() + (uint64_t)run->timeout_ms * 1000000u;
    struct answer answer = {.there = false};
    struct yoke_ept ept = {0};
    int status = yoke_ept_open(&host->link, &ept, YOKE_RPMSG_ADDR_ANY, addr, receive, &answer);

    if (status == YOKE_OK) {
        status = yoke_send(&ept, send->text, strlen(send->text));
    }
    if (status != YOKE_OK) {
        tool_error(NULL, "send %s: %s", send->service, yoke_status_text(status));
    }
    while (status == YOKE_OK && !answer.there && yoke_host_runs(host) &&
           yoke_link_fault(&host->link) == YOKE_FAULT_NONE && yoke_host_clock() < deadline &&
           run_wait(run, 10)) {
    }
    (void)yoke_ept_close(&ept);
    if (status != YOKE_OK) {
        return TOOL_FAILED;
    }
    if (!answer.there) {
        status = run_check_all(run); // Says so if the firmware died, or broke the link.
        if (status == TOOL_OK) {
            tool_error(NULL, "send %s: no answer within %d ms", send->service, run->timeout_ms);
        }
        return TOOL_FAILED;
    }
    if (run->as_json) {
        cJSON *const json = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(json, "service", send->service);
        (void)cJSON_AddStringToObject(json, "answer", answer.text);
        (void)cJSON_AddItemToArray(cJSON_GetObjectItem(run->json, "sent"), json);
    } else {
        run_begin_line(run, host);
        (void)printf("%s answers: %s\n", send->service, answer.text);
    }
    return TOOL_OK;
}
