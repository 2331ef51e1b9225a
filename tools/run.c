// SPDX-License-Identifier: BSD-3-Clause
// yoke run: boots firmware, shows its services and trace, pings it, stops it.
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "run.h"

const char tool_run_help[] =
    "usage: yoke run [OPTION...] FIRMWARE...\n"
    "\n"
    "Boots firmware on a coprocessor of its own, shows its services as they appear, and stops it\n"
    "when all is done: after the pings, after --for, or at Ctrl-C. Several firmwares run at once.\n"
    "\n"
    "options:\n"
    "  --ping SERVICE[:SIZE[:COUNT]]  sends COUNT messages (1000) of SIZE bytes (16) to a service\n"
    "                                 and compares what comes back; may be repeated\n"
    "  --send SERVICE:TEXT            sends TEXT to a service, after the pings, and shows what it\n"
    "                                 answers; may be repeated\n"
    "  --trace                        shows the firmware's trace lines as they come\n"
    "  --machine NAME                 runs it on that machine (see yoke machines) in place of the\n"
    "                                 one that the firmware was built for\n"
    "  --attach                       the core runs this firmware already: takes it over, loads\n"
    "                                 nothing, and lets it run on at the end\n"
    "  --param NAME=VALUE             gives a value to a parameter that the firmware's table\n"
    "                                 names: a number (decimal or 0x...), true or false, text, or\n"
    "                                 bytes in hexadecimal; may be repeated\n"
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
    "  3  a firmware file cannot be read or is refused, or a parameter's value does not fit\n"
    "  4  no memory, space, process or descriptor to be had\n"
    "\n"
    "examples:\n"
    "  yoke run echo.elf --ping echo --ping echo:496:10000\n"
    "  yoke run echo.elf matrix.elf --trace --for 1.5\n";

static int run_all(struct run *run)
{
    int status = run_open_all(run);

    if (status == TOOL_OK) {
        run_show_plans(run);
    }
    if (status != TOOL_OK || run->dry_run) {
        return status;
    }
    status = run_boot_all(run);
    if (status == TOOL_OK) {
        status = run_await_all(run);
    }
    if (status == TOOL_OK) {
        status = run_ping_all(run);
    }
    if (status == TOOL_OK) {
        status = run_send_all(run);
    }
    if (status == TOOL_OK) {
        status = run_linger(run);
    }
    const int stopped = run_stop_all(run);
    status = status == TOOL_OK ? stopped : status;
    if (status == TOOL_OK && !run->as_json) {
        (void)printf("%9.1f ms  %s%s\n", run_clock_ms(), run->attach ? "detached" : "stopped",
                     run->interrupted ? ", as asked" : "");
    }
    return status;
}

// ---- Command line

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

static bool add_ping(struct run *run, const char *text)
{
    if (run->ping_count == PINGS_MAX) {
        tool_error(NULL, "--ping: at most %d of them", PINGS_MAX);
        return false;
    }
    return tool_ping_parse(&run->pings[run->ping_count++], text);
}

static bool add_send(struct run *run, const char *text)
{
    if (run->send_count == SENDS_MAX) {
        tool_error(NULL, "--send: at most %d of them", SENDS_MAX);
        return false;
    }
    return tool_send_parse(&run->sends[run->send_count++], text);
}

static bool add_param(struct run *run, const char *text)
{
    if (run->param_count == YOKE_HOST_PARAMS) {
        tool_error(NULL, "--param: at most %u of them", YOKE_HOST_PARAMS);
        return false;
    }
    run->params[run->param_count++] = text;
    return true;
}

// Options that have no letter.
enum { PING = 256, SEND, PARAM, TRACE, MACHINE, ATTACH, DRY_RUN, JSON, FOR, TIMEOUT };

/// Takes one option. Returns false, having said why, if it makes no sense.
static bool take_option(struct run *run, int option, char **argv)
{
    double number;

    switch (option) {
    case PING:
        return add_ping(run, optarg);
    case SEND:
        return add_send(run, optarg);
    case PARAM:
        return add_param(run, optarg);
    case TRACE:
        run->trace = true;
        break;
    case MACHINE:
        run->machine = optarg;
        break;
    case ATTACH:
        run->attach = true;
        break;
    case DRY_RUN:
        run->dry_run = true;
        break;
    case JSON:
        run->as_json = true;
        break;
    case FOR:
        return parse_number("--for", optarg, 1e6, &run->seconds);
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
    return true;
}

static bool parse(struct run *run, int argc, char **argv)
{
    static const struct option options[] = {
        {"ping", required_argument, NULL, PING},
        {"send", required_argument, NULL, SEND},
        {"param", required_argument, NULL, PARAM},
        {"trace", no_argument, NULL, TRACE},
        {"machine", required_argument, NULL, MACHINE},
        {"attach", no_argument, NULL, ATTACH},
        {"dry-run", no_argument, NULL, DRY_RUN},
        {"json", no_argument, NULL, JSON},
        {"for", required_argument, NULL, FOR},
        {"timeout", required_argument, NULL, TIMEOUT},
        {NULL, 0, NULL, 0},
    };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (!take_option(run, option, argv)) {
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
    if (status != TOOL_OK) {
        (void)cJSON_AddStringToObject(run.json, "error", tool_last_error);
    }
    for (size_t i = 0; i < run.count && run.hosts[i] != NULL; i++) {
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
