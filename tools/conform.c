// SPDX-License-Identifier: BSD-3-Clause
// yoke conform: holds an implementation against the rules of spec/base.md and spec/extensions.md.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <conform.h>
#include <targets/link.h>
#include <targets/machine.h>

#include "file.h"
#include "tool.h"

const char tool_conform_help[] =
    "usage: yoke conform [OPTION...] FIRMWARE\n"
    "       yoke conform [OPTION...] --driver\n"
    "\n"
    "Holds an implementation of the protocol against the rules of spec/base.md and of the "
    "extensions\n"
    "in spec/extensions.md that it offers: plays the opposite side, well and badly behaved, and "
    "says\n"
    "of each rule whether it was kept. FIRMWARE is started many times; it has to announce a "
    "service\n"
    "that sends back what it gets.\n"
    "\n"
    "options:\n"
    "  --driver          checks Yoke's own driver role instead of firmware\n"
    "  --machine NAME    the machine (default: the one that the firmware is for)\n"
    "  --service NAME    the service that sends back what it gets (default: echo)\n"
    "  --quiet MS        how long to wait for what must not come, and for the firmware to notice "
    "a\n"
    "                    reset (default: 12 on machine process, 60 on others)\n"
    "  --only RULE       this rule, as RING-3, or those of a chapter, as RING\n"
    "  --quick           leaves out what takes long: wrapping indices, changes meanwhile\n"
    "  --json            one JSON object on stdout\n"
    "  --help            this text\n"
    "\n"
    "exit codes: 0 no rule was broken; 1 one was; 2 the command line makes no sense; 3 the "
    "firmware\n"
    "cannot be read or is refused; 4 no memory or process to be had\n";

struct choices {
    const char *path;
    const char *machine;
    const char *service;
    const char *quiet;
    bool driver;
    bool quick;
    struct conform_options options;
};

static int check(struct conform_target *target, const struct choices *choices)
{
    target->quick |= choices->quick;
    if (choices->quiet != NULL) {
        target->quiet_ms = (uint32_t)strtoul(choices->quiet, NULL, 10);
    }
    const struct conform_totals totals = conform_report(target, &choices->options);
    if (totals.checks == 0) {
        tool_error("name a rule of the specification, as RING-3, or a chapter, as RING",
                   "--only %s: no check has such a label", choices->options.only);
        return TOOL_USAGE;
    }
    return totals.rules[CONFORM_FAIL] == 0 ? TOOL_OK : TOOL_FAILED;
}

/// Looks first whether the application is one that can be checked with.
static int check_device(struct conform_target *target, const struct choices *choices)
{
    const struct conform_result hello = conform_run(target, &conform_hello);

    if (hello.verdict == CONFORM_NOT_APPLICABLE) {
        tool_error("name a service of its that sends back what it gets: --service NAME",
                   "%s, service %s: %s", choices->path, choices->service, hello.seen);
        return TOOL_REFUSED;
    }
    return check(target, choices);
}

static int check_machine(const struct choices *choices, const struct yoke_elf *elf,
                         const struct yoke_machine_kind *kind)
{
    static struct conform_machine target;
    char error[160];
    int status = TOOL_REFUSED;

    if (!kind->here(error, sizeof error)) {
        tool_error("see: yoke machines", "machine %s: %s", kind->name, error);
        return TOOL_RESOURCES;
    }
    struct yoke_machine *const machine = kind->open(error, sizeof error);
    if (machine == NULL) {
        tool_error(NULL, "machine %s: %s", kind->name, error);
        return TOOL_RESOURCES;
    }
    if (conform_machine_open(&target, elf, machine, choices->service) == YOKE_OK) {
        // An emulated core may take its time.
        target.target.quiet_ms = strcmp(kind->name, "process") == 0 ? 12 : 60;
        (void)snprintf(target.target.name, sizeof target.target.name, "%s on machine %s",
                       tool_basename(choices->path), kind->name);
        status = check_device(&target.target, choices);
    } else {
        tool_error("see: yoke inspect", "%s: %s", choices->path, target.target.why);
    }
    machine->ops->close(machine);
    return status;
}

static int check_firmware(const struct choices *choices)
{
    struct yoke_refusal refusal;
    struct yoke_bytes file = {0};
    struct yoke_elf elf;
    char text[200];
    int status = TOOL_REFUSED;

    const int error = yoke_file_read(choices->path, &file);
    if (error != 0) {
        tool_error("name a firmware file, an ELF executable", "%s: %s", choices->path,
                   strerror(error));
        return TOOL_REFUSED;
    }
    if (yoke_elf_open(&elf, file, NULL, 0, &refusal) != YOKE_OK) {
        (void)yoke_refusal_text(&refusal, text, sizeof text);
        tool_error("build it anew, or name another file", "%s: %s", choices->path, text);
        yoke_file_free(&file);
        return TOOL_REFUSED;
    }
    const struct yoke_machine_kind *const kind =
        choices->machine != NULL ? yoke_machine_find(choices->machine) : yoke_machine_for(&elf);
    if (kind == NULL && choices->machine != NULL) {
        tool_error("see: yoke machines", "there is no machine \"%s\"", choices->machine);
        status = TOOL_USAGE;
    } else if (kind == NULL || kind->target->machine != elf.machine ||
               kind->target->elf_class != elf.elf_class) {
        tool_error("see: yoke machines", "%s: %s does not run it", choices->path,
                   kind == NULL ? "any machine here" : kind->name);
    } else {
        status = check_machine(choices, &elf, kind);
    }
    yoke_file_free(&file);
    return status;
}

static int check_driver(const struct choices *choices)
{
    static struct conform_link target;

    conform_link_open(&target);
    return check(&target.target, choices);
}

/// Takes the option at `*at`, and its value. Returns false if there is no such option, or no value.
static bool take_option(struct choices *choices, int argc, char **argv, int *at)
{
    const struct {
        const char *name;
        const char **value;
        bool *flag;
    } options[] = {
        {"--machine", &choices->machine, NULL},  {"--service", &choices->service, NULL},
        {"--quiet", &choices->quiet, NULL},      {"--only", &choices->options.only, NULL},
        {"--driver", NULL, &choices->driver},    {"--quick", NULL, &choices->quick},
        {"--json", NULL, &choices->options.json}};
    const char *const name = argv[*at];

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(name, options[i].name) != 0) {
            continue;
        }
        if (options[i].flag != NULL) {
            *options[i].flag = true;
            return true;
        }
        if (*at + 1 == argc) {
            tool_error("try: yoke help conform", "%s: a value must follow", name);
            return false;
        }
        *options[i].value = argv[++*at];
        return true;
    }
    tool_error("try: yoke help conform", "%s: there is no such option", name);
    return false;
}

static bool check_quiet(const char *quiet)
{
    const size_t digits = strspn(quiet, "0123456789");
    const bool good = digits != 0 && digits <= 5 && quiet[digits] == '\0';

    if (!good) {
        tool_error("try: yoke help conform", "--quiet %s: MS must be a number from 0 to 99999",
                   quiet);
    }
    return good;
}

/// Returns false, having said why, if it makes no sense.
static bool parse(struct choices *choices, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' && choices->path != NULL) {
            tool_error("try: yoke help conform", "%s: only one firmware at a time", argv[i]);
            return false;
        }
        if (argv[i][0] != '-') {
            choices->path = argv[i];
        } else if (!take_option(choices, argc, argv, &i)) {
            return false;
        }
    }
    if (choices->driver == (choices->path != NULL)) {
        tool_error("try: yoke help conform",
                   choices->driver ? "--driver goes without firmware" : "no firmware was named");
        return false;
    }
    return check_quiet(choices->quiet != NULL ? choices->quiet : "0");
}

int tool_conform(int argc, char **argv)
{
    struct choices choices = {
        .service = "echo",
        .options = {.out = stdout, .progress = isatty(STDERR_FILENO) == 1 ? stderr : NULL}};

    if (!parse(&choices, argc, argv)) {
        return TOOL_USAGE;
    }
    const int status = choices.driver ? check_driver(&choices) : check_firmware(&choices);
    if (!choices.options.json || status == TOOL_OK || status == TOOL_FAILED) {
        return status;
    }
    // There is no report.
    cJSON *const json = cJSON_CreateObject();
    (void)cJSON_AddNumberToObject(json, "exit_code", status);
    (void)cJSON_AddStringToObject(json, "error", tool_last_error);
    const int printed = tool_json_print(json);
    return printed != TOOL_OK ? printed : status;
}
