// SPDX-License-Identifier: BSD-3-Clause
// yoke run: boots firmware, shows its services and trace, pings it, stops it.
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tool.h"

#define HOSTS_MAX 16
#define PINGS_MAX 32
#define TIMEOUT_MS 2000

const char tool_run_help[] =
    "usage: yoke run [OPTION...] FIRMWARE...\n"
    "\n"
    "Boots firmware on a coprocessor of its own, shows its services as they appear, and stops it\n"
    "when all is done: after the pings, after --for, or at Ctrl-C. Several firmwares run at once.\n"
    "\n"
    "options:\n"
    "  --ping SERVICE[:SIZE[:COUNT]]  sends COUNT messages (1000) of SIZE bytes (16) to a service\n"
    "                                 and compares what comes back; may be repeated\n"
    "  --trace                        shows the firmware's trace lines as they come\n"
    "  --dry-run                      shows where everything would lie, and runs nothing\n"
    "  --for SECONDS                  runs that long, pings included\n"
    "  --timeout MS                   how long to wait for a service or an answer (2000)\n"
    "  --json                         one JSON object on stdout, when all is done\n"
    "  --help                         this text\n"
    "\n"
    "Ping's columns: min, p50, p99 and max are microseconds a round trip, one message at a time;\n"
    "messages/s counts both ways, with as many messages under way as there are buffers.\n"
    "\n"
    "exit codes:\n"
    "  0  done; Ctrl-C, if no ping was under way\n"
    "  1  the firmware crashed or never got ready, a ping was lost, altered or interrupted\n"
    "  2  the command line makes no sense\n"
    "  3  a firmware file cannot be read or is refused\n"
    "  4  no memory, space, process or descriptor to be had\n"
    "\n"
    "examples:\n"
    "  yoke run echo.elf --ping echo --ping echo:496:10000\n"
    "  yoke run echo.elf matrix.elf --trace --for 1.5\n";

/// One line of trace under construction, for each firmware.
struct line {
    char text[256];
    size_t size;
};

struct run {
    struct yoke_host *hosts[HOSTS_MAX];
    const char *paths[HOSTS_MAX];
    struct line lines[HOSTS_MAX];
    size_t count;
    struct tool_ping pings[PINGS_MAX];
    size_t ping_count;
    bool trace;
    bool dry_run;
    bool as_json;
    double seconds; ///< Of --for, or negative.
    int timeout_ms;
    int signal_fd;
    bool interrupted;
    double first_service_ms; ///< Since the start of the program, or negative.
    cJSON *json;             ///< What --json prints.
    cJSON *services;
    cJSON *traces;
};

static double since_start_ms(void)
{
    return (double)(yoke_host_clock() - tool_start) / 1e6;
}

/// Which of the run's hosts it is.
static size_t index_of(const struct run *run, const struct yoke_host *host)
{
    size_t i = 0;

    while (run->hosts[i] != host) {
        i++;
    }
    return i;
}

// ------------------------------------------------------------------------------------ as it
// happens

/// Begins a line about a firmware, which is named if there are several.
static void begin_line(const struct run *run, const struct yoke_host *host)
{
    (void)printf("%9.1f ms  ", since_start_ms());
    if (run->count > 1) {
        (void)printf("%s: ", tool_basename(run->paths[index_of(run, host)]));
    }
}

static void end_line(struct run *run, struct yoke_host *host)
{
    struct line *const line = &run->lines[index_of(run, host)];
    char clean[4 * sizeof line->text + 1];

    if (line->size == 0) {
        return;
    }
    (void)tool_clean(clean, sizeof clean, line->text, line->size);
    line->size = 0;
    if (run->as_json) {
        cJSON *const json = cJSON_CreateObject();
        (void)cJSON_AddNumberToObject(json, "firmware", (double)index_of(run, host));
        (void)cJSON_AddStringToObject(json, "text", clean);
        (void)cJSON_AddItemToArray(run->traces, json);
        return;
    }
    begin_line(run, host);
    (void)printf("trace: %s\n", clean);
    (void)fflush(stdout);
}

static void on_trace(struct yoke_host *host, const char *text, size_t size, void *context)
{
    struct run *const run = context;
    struct line *const line = &run->lines[index_of(run, host)];

    if (!run->trace && !run->as_json) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n' || line->size == sizeof line->text) {
            end_line(run, host);
        }
        if (text[i] != '\n') {
            line->text[line->size++] = text[i];
        }
    }
}

static void on_service(struct yoke_host *host, const struct yoke_service *service, bool up,
                       void *context)
{
    struct run *const run = context;
    const double now = since_start_ms();
    char name[4 * sizeof service->name + 1];

    if (host->rproc.state != YOKE_RUNNING) {
        return; // It goes because all goes.
    }
    (void)tool_clean(name, sizeof name, service->name,
                     strnlen(service->name, sizeof service->name));
    if (run->as_json) {
        cJSON *const json = cJSON_CreateObject();
        (void)cJSON_AddNumberToObject(json, "firmware", (double)index_of(run, host));
        (void)cJSON_AddStringToObject(json, "name", name);
        (void)cJSON_AddNumberToObject(json, "address", service->addr);
        (void)cJSON_AddBoolToObject(json, "up", up);
        (void)cJSON_AddNumberToObject(json, "ms", now);
        (void)cJSON_AddItemToArray(run->services, json);
    } else {
        begin_line(run, host);
        (void)printf("service %s at address %u %s\n", name, service->addr, up ? "" : "withdrawn");
    }
    if (up && run->first_service_ms < 0) {
        run->first_service_ms = now;
    }
}

/// Lets time pass. Returns false if the user wants to stop.
static bool wait_a_while(void *context, int timeout_ms)
{
    struct run *const run = context;
    struct signalfd_siginfo info;

    (void)yoke_host_wait_all(run->hosts, run->count, timeout_ms, run->signal_fd);
    if (read(run->signal_fd, &info, sizeof info) > 0) {
        run->interrupted = true;
    }
    return !run->interrupted;
}

// --------------------------------------------------------------------------------------- the steps

static int open_all(struct run *run)
{
    const struct yoke_host_options options = {
        .trace = on_trace, .service = on_service, .context = run};

    for (size_t i = 0; i < run->count; i++) {
        run->hosts[i] = calloc(1, sizeof *run->hosts[i]);
        if (run->hosts[i] == NULL) {
            tool_error(NULL, "no memory");
            return TOOL_RESOURCES;
        }
        const int status = run->dry_run ? yoke_host_plan(run->hosts[i], run->paths[i])
                                        : yoke_host_open(run->hosts[i], run->paths[i], &options);
        if (status != YOKE_OK) {
            return (int)tool_host_failed(run->hosts[i], status);
        }
    }
    return TOOL_OK;
}

static void show_plans(const struct run *run)
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

static int boot_all(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const int status = yoke_host_boot(run->hosts[i]);
        if (status != YOKE_OK) {
            return (int)tool_host_failed(run->hosts[i], status);
        }
        if (!run->as_json) {
            begin_line(run, run->hosts[i]);
            (void)printf("booted\n");
        }
    }
    return TOOL_OK;
}

/// What the firmware said last, for somebody who wonders why it does not go on.
static void show_tail(struct yoke_host *host)
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

static int died(struct yoke_host *host)
{
    tool_error(NULL, "%s", host->error);
    show_tail(host);
    return TOOL_FAILED;
}

/// Whether all firmwares are well. Returns TOOL_OK, or TOOL_FAILED having said why.
static int check_all(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->hosts[i]->rproc.state != YOKE_RUNNING) {
            return died(run->hosts[i]);
        }
        if (run->hosts[i]->linked && yoke_link_fault(&run->hosts[i]->link) != YOKE_FAULT_NONE) {
            tool_error(NULL, "the firmware broke the link: %s",
                       yoke_link_fault_text(yoke_link_fault(&run->hosts[i]->link)));
            show_tail(run->hosts[i]);
            return TOOL_FAILED;
        }
    }
    return TOOL_OK;
}

/// Waits until a service is there: of this name on any firmware, or any on this one firmware.
static int await_service(struct run *run, const char *name, const struct yoke_host *only,
                         struct yoke_host **found, uint32_t *addr)
{
    const uint64_t deadline = yoke_host_clock() + (uint64_t)run->timeout_ms * 1000000u;

    for (;;) {
        const int status = check_all(run);
        const uint64_t now = yoke_host_clock();
        if (status != TOOL_OK) {
            return status;
        }
        for (size_t i = 0; i < run->count; i++) {
            struct yoke_host *const host = run->hosts[i];
            if (!host->linked || (only != NULL && host != only)) {
                continue;
            }
            const struct yoke_service *const service =
                name != NULL ? yoke_ns_find(&host->ns, name)
                             : (host->ns.count != 0 ? host->services : NULL);
            if (service != NULL) {
                *found = host;
                *addr = service->addr;
                return TOOL_OK;
            }
        }
        if (now >= deadline) {
            break;
        }
        if (!wait_a_while(run, (int)((deadline - now) / 1000000u) + 1)) {
            return TOOL_OK;
        }
    }
    if (name != NULL) {
        tool_error("check the name; --timeout MS waits longer",
                   "no firmware offered service \"%s\" within %d ms", name, run->timeout_ms);
    } else {
        tool_error("it may hang while it boots; --timeout MS waits longer",
                   "%s never got ready: it offered no service within %d ms",
                   run->paths[index_of(run, only)], run->timeout_ms);
    }
    for (size_t i = 0; i < run->count; i++) {
        if (only == NULL || run->hosts[i] == only) {
            show_tail(run->hosts[i]);
        }
    }
    return TOOL_FAILED;
}

/// Waits until every firmware that can has offered a service.
static int await_all(struct run *run)
{
    for (size_t i = 0; i < run->count && !run->interrupted; i++) {
        struct yoke_host *host;
        uint32_t addr;
        const int status =
            run->hosts[i]->linked ? await_service(run, NULL, run->hosts[i], &host, &addr) : TOOL_OK;
        if (status != TOOL_OK) {
            return status;
        }
    }
    if (run->as_json) {
        (void)cJSON_AddNumberToObject(run->json, "first_service_ms", run->first_service_ms);
    } else if (run->first_service_ms >= 0) {
        (void)printf("first service %.1f ms after the start of yoke run\n", run->first_service_ms);
    }
    (void)fflush(stdout);
    return TOOL_OK;
}

static void show_ping(const struct tool_ping *ping, bool first)
{
    char name[4 * sizeof ping->service + 1];

    if (first) {
        (void)printf("%-16s %6s %8s %9s %9s %9s %9s %12s\n", "ping", "bytes", "count", "min us",
                     "p50 us", "p99 us", "max us", "messages/s");
    }
    (void)tool_clean(name, sizeof name, ping->service, strlen(ping->service));
    (void)printf("%-16s %6u %8u %9.1f %9.1f %9.1f %9.1f %12.0f%s\n", name, ping->size, ping->count,
                 ping->min, ping->p50, ping->p99, ping->max, ping->rate,
                 ping->no_echo ? "  (answers with something else)" : "");
    (void)fflush(stdout);
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

static int ping_all(struct run *run)
{
    cJSON *const array = cJSON_AddArrayToObject(run->json, "pings");

    for (size_t i = 0; i < run->ping_count && !run->interrupted; i++) {
        struct tool_ping *const ping = &run->pings[i];
        struct yoke_host *host = NULL;
        uint32_t addr = 0;
        int status = await_service(run, ping->service, NULL, &host, &addr);
        if (status != TOOL_OK) {
            return status;
        }
        if (run->interrupted) {
            tool_error(NULL, "ping %s: interrupted before it began", ping->service);
            return TOOL_FAILED;
        }
        status = tool_ping(ping, host, addr, run->timeout_ms, wait_a_while, run);
        if (status != TOOL_OK) {
            if (host->rproc.state == YOKE_CRASHED) {
                show_tail(host);
            }
            return status;
        }
        if (run->as_json) {
            (void)cJSON_AddItemToArray(array, ping_json(ping));
        } else {
            show_ping(ping, i == 0);
        }
    }
    return TOOL_OK;
}

/// Runs on, as long as the user wants.
static int linger(struct run *run)
{
    const uint64_t end =
        tool_start + (run->seconds >= 0 ? (uint64_t)(run->seconds * 1e9) : UINT64_MAX / 2);

    if (run->ping_count != 0 && run->seconds < 0) {
        return TOOL_OK;
    }
    while (!run->interrupted) {
        const uint64_t now = yoke_host_clock();
        const int status = check_all(run);
        if (status != TOOL_OK || now >= end) {
            return status;
        }
        const uint64_t left_ms = (end - now) / 1000000u + 1;
        (void)wait_a_while(run, left_ms < 1000 ? (int)left_ms : 1000);
    }
    return TOOL_OK;
}

static int run_all(struct run *run)
{
    int status = open_all(run);

    if (status == TOOL_OK) {
        show_plans(run);
    }
    if (status != TOOL_OK || run->dry_run) {
        return status;
    }
    status = boot_all(run);
    if (status == TOOL_OK) {
        status = await_all(run);
    }
    if (status == TOOL_OK) {
        status = ping_all(run);
    }
    if (status == TOOL_OK) {
        status = linger(run);
    }
    for (size_t i = 0; i < run->count; i++) {
        yoke_host_stop(run->hosts[i]);
        end_line(run, run->hosts[i]);
    }
    if (status == TOOL_OK && !run->as_json) {
        (void)printf("%9.1f ms  stopped%s\n", since_start_ms(),
                     run->interrupted ? ", as asked" : "");
    }
    return status;
}

// --------------------------------------------------------------------------------- command line

static bool parse_number(const char *option, const char *text, double limit, double *number)
{
    char *end = NULL;
    const double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0 && value <= limit)) {
        tool_error("try: yoke help run", "%s %s: must be a number from 0 to %.0f", option, text,
                   limit);
        return false;
    }
    *number = value;
    return true;
}

static bool parse(struct run *run, int argc, char **argv)
{
    enum { PING = 256, TRACE, DRY_RUN, JSON, FOR, TIMEOUT };
    static const struct option options[] = {
        {"ping", required_argument, NULL, PING},
        {"trace", no_argument, NULL, TRACE},
        {"dry-run", no_argument, NULL, DRY_RUN},
        {"json", no_argument, NULL, JSON},
        {"for", required_argument, NULL, FOR},
        {"timeout", required_argument, NULL, TIMEOUT},
        {NULL, 0, NULL, 0},
    };
    double number;
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case PING:
            if (run->ping_count == PINGS_MAX) {
                tool_error(NULL, "--ping: at most %d of them", PINGS_MAX);
                return false;
            }
            if (!tool_ping_parse(&run->pings[run->ping_count++], optarg)) {
                return false;
            }
            break;
        case TRACE:
            run->trace = true;
            break;
        case DRY_RUN:
            run->dry_run = true;
            break;
        case JSON:
            run->as_json = true;
            break;
        case FOR:
            if (!parse_number("--for", optarg, 1e6, &run->seconds)) {
                return false;
            }
            break;
        case TIMEOUT:
            if (!parse_number("--timeout", optarg, 1e9, &number)) {
                return false;
            }
            run->timeout_ms = (int)number;
            break;
        default:
            tool_error("try: yoke help run", "%s: %s", argv[optind - 1],
                       option == ':' ? "needs a value" : "there is no such option");
            return false;
        }
    }
    if (optind == argc || argc - optind > HOSTS_MAX) {
        tool_error("try: yoke help run",
                   optind == argc ? "no firmware was named" : "at most %d firmwares at once",
                   HOSTS_MAX);
        return false;
    }
    while (optind < argc) {
        run->paths[run->count++] = argv[optind++];
    }
    return true;
}

/// Ctrl-C and its like become readable, so that everything is stopped in order.
static int signals_fd(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int tool_run(int argc, char **argv)
{
    static struct run run;
    int status;

    run = (struct run){.seconds = -1, .timeout_ms = TIMEOUT_MS, .first_service_ms = -1};
    if (!parse(&run, argc, argv)) {
        return TOOL_USAGE;
    }
    run.signal_fd = signals_fd();
    if (run.signal_fd < 0) {
        tool_error(NULL, "no descriptor for signals");
        return TOOL_RESOURCES;
    }
    run.json = cJSON_CreateObject();
    run.services = cJSON_CreateArray();
    run.traces = cJSON_CreateArray();
    status = run_all(&run);
    (void)cJSON_AddItemToObject(run.json, "services", run.services);
    (void)cJSON_AddItemToObject(run.json, "trace", run.traces);
    (void)cJSON_AddNumberToObject(run.json, "exit_code", status);
    for (size_t i = 0; i < run.count && run.hosts[i] != NULL; i++) {
        if (run.as_json && run.hosts[i]->error[0] != '\0') {
            char clean[4 * sizeof run.hosts[i]->error + 1];
            (void)cJSON_AddStringToObject(
                run.json, "error",
                tool_clean(clean, sizeof clean, run.hosts[i]->error, strlen(run.hosts[i]->error)));
        }
        yoke_host_close(run.hosts[i]);
        free(run.hosts[i]);
    }
    (void)close(run.signal_fd);
    if (run.as_json) {
        const int printed = tool_json_print(run.json);
        return status != TOOL_OK ? status : printed;
    }
    cJSON_Delete(run.json);
    return status;
}
