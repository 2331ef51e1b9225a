// SPDX-License-Identifier: BSD-3-Clause
// What yoke run shows.
#include <string.h>

#include "run.h"

double run_clock_ms(void)
{
    return (double)(yoke_host_clock() - tool_start) / 1e6;
}

size_t run_index(const struct run *run, const struct yoke_host *host)
{
    size_t i = 0;

    while (run->hosts[i] != host) {
        i++;
    }
    return i;
}

void run_begin_line(const struct run *run, const struct yoke_host *host)
{
    (void)printf("%9.1f ms  ", run_clock_ms());
    if (run->count > 1) {
        (void)printf("%s: ", tool_basename(run->paths[run_index(run, host)]));
    }
}

void run_end_line(struct run *run, struct yoke_host *host)
{
    struct line *const line = &run->lines[run_index(run, host)];
    char clean[4 * sizeof line->text + 1];

    if (line->size == 0) {
        return;
    }
    (void)tool_clean(clean, sizeof clean, line->text, line->size);
    line->size = 0;
    if (run->as_json) {
        cJSON *const json = cJSON_CreateObject();
        (void)cJSON_AddNumberToObject(json, "firmware", (double)run_index(run, host));
        (void)cJSON_AddStringToObject(json, "text", clean);
        (void)cJSON_AddItemToArray(run->traces, json);
        return;
    }
    run_begin_line(run, host);
    (void)printf("trace: %s\n", clean);
    (void)fflush(stdout);
}

void run_on_trace(struct yoke_host *host, const char *text, size_t size, void *context)
{
    struct run *const run = context;
    struct line *const line = &run->lines[run_index(run, host)];

    if (!run->trace && !run->as_json) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n' || line->size == sizeof line->text) {
            run_end_line(run, host);
        }
        if (text[i] != '\n') {
            line->text[line->size++] = text[i];
        }
    }
}

void run_on_service(struct yoke_host *host, const struct yoke_service *service, bool up,
                    void *context)
{
    struct run *const run = context;
    const double now = run_clock_ms();
    char name[4 * sizeof service->name + 1];

    if (!yoke_host_runs(host)) {
        return; // It goes because all goes.
    }
    (void)tool_clean(name, sizeof name, service->name,
                     strnlen(service->name, sizeof service->name));
    if (run->as_json) {
        cJSON *const json = cJSON_CreateObject();
        (void)cJSON_AddNumberToObject(json, "firmware", (double)run_index(run, host));
        (void)cJSON_AddStringToObject(json, "name", name);
        (void)cJSON_AddNumberToObject(json, "address", service->addr);
        (void)cJSON_AddBoolToObject(json, "up", up);
        (void)cJSON_AddNumberToObject(json, "ms", now);
        (void)cJSON_AddItemToArray(run->services, json);
    } else {
        run_begin_line(run, host);
        (void)printf("service %s at address %u %s\n", name, service->addr, up ? "" : "withdrawn");
    }
    if (up && run->first_service_ms < 0) {
        run->first_service_ms = now;
    }
}

void run_show_plans(const struct run *run)
{
    cJSON *const array = cJSON_AddArrayToObject(run->json, "firmware");

    for (size_t i = 0; i < run->count; i++) {
        if (run->as_json) {
            cJSON *const json = cJSON_CreateObject();
            char clean[1024];
            (void)cJSON_AddStringToObject(
                json, "file",
                tool_clean(clean, sizeof clean, run->paths[i], strlen(run->paths[i])));
            (void)cJSON_AddItemToObject(json, "plan", tool_plan_json(&run->hosts[i]->plan));
            (void)cJSON_AddItemToArray(array, json);
        } else {
            (void)printf("firmware %s\n", run->paths[i]);
            tool_show_plan(&run->hosts[i]->plan);
        }
    }
    (void)fflush(stdout);
}

void run_show_tail(struct yoke_host *host)
{
    char clean[4 * sizeof host->tail + 1];

    yoke_host_read_trace(host);
    const char *line = host->tail;
    if (host->tail_size == 0) {
        (void)fprintf(stderr, "      it wrote no trace\n");
        return;
    }
    (void)fprintf(stderr, "      its last trace lines:\n");
    while (*line != '\0') {
        const size_t size = strcspn(line, "\n");
        (void)fprintf(stderr, "      | %s\n", tool_clean(clean, sizeof clean, line, size));
        line += size + (line[size] == '\n');
    }
}

static cJSON *ping_json(const struct tool_ping *ping)
{
    cJSON *const json = cJSON_CreateObject();
    char name[4 * sizeof ping->service + 1];

    (void)cJSON_AddStringToObject(
        json, "service", tool_clean(name, sizeof name, ping->service, strlen(ping->service)));
    (void)cJSON_AddNumberToObject(json, "size", ping->size);
    (void)cJSON_AddNumberToObject(json, "count", ping->count);
    (void)cJSON_AddBoolToObject(json, "echo", !ping->no_echo);
    (void)cJSON_AddNumberToObject(json, "min_us", ping->min);
    (void)cJSON_AddNumberToObject(json, "p50_us", ping->p50);
    (void)cJSON_AddNumberToObject(json, "p99_us", ping->p99);
    (void)cJSON_AddNumberToObject(json, "max_us", ping->max);
    (void)cJSON_AddNumberToObject(json, "messages_per_second", ping->rate);
    return json;
}

void run_show_ping(struct run *run, const struct tool_ping *ping)
{
    char name[4 * sizeof ping->service + 1];

    if (run->as_json) {
        (void)cJSON_AddItemToArray(cJSON_GetObjectItem(run->json, "pings"), ping_json(ping));
        return;
    }
    if (ping == run->pings) {
        (void)printf("%-16s %6s %8s %9s %9s %9s %9s %12s\n", "ping", "bytes", "count", "min us",
                     "p50 us", "p99 us", "max us", "messages/s");
    }
    (void)tool_clean(name, sizeof name, ping->service, strlen(ping->service));
    (void)printf("%-16s %6u %8u %9.1f %9.1f %9.1f %9.1f %12.0f%s\n", name, ping->size, ping->count,
                 ping->min, ping->p50, ping->p99, ping->max, ping->rate,
                 ping->no_echo ? "  (answers with something else)" : "");
    (void)fflush(stdout);
}
