// SPDX-License-Identifier: BSD-3-Clause
// The `yoke` command. One file per subcommand.
#include <signal.h>
#include <string.h>

#include "tool.h"

uint64_t tool_start;

static const char help[] =
    "usage: yoke COMMAND [OPTION...] FIRMWARE...\n"
    "\n"
    "Boots coprocessor firmware and talks to it: on a process with the host's own kind of\n"
    "processor, without board or root, or on one of the other machines.\n"
    "\n"
    "commands:\n"
    "  run       boots firmware, shows its services and trace, and pings it\n"
    "  inspect   shows what a firmware file holds and where it would lie in memory\n"
    "  table     shows, checks, compares and converts resource tables\n"
    "  size      says how much memory rings and buffers take, or how many fit\n"
    "  machines  lists what firmware can run on here\n"
    "  conform   holds firmware, or Yoke's driver, against the rules of the specification\n"
    "  help      help for a command: yoke help run\n"
    "\n"
    "options:\n"
    "  --help, -h    this text; after a command: help for that command\n"
    "  --version     the version\n"
    "\n"
    "exit codes:\n"
    "  0  done\n"
    "  1  failed in operation: the firmware crashed or never got ready, a ping was lost, a check\n"
    "     found something\n"
    "  2  the command line makes no sense\n"
    "  3  a firmware file cannot be read or is refused\n"
    "  4  no memory, space, process or descriptor to be had\n";

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"run", tool_run, tool_run_help},
    {"inspect", tool_inspect, tool_inspect_help},
    {"table", tool_table, tool_table_help},
    {"size", tool_size_command, tool_size_help},
    {"machines", tool_machines, tool_machines_help},
    {"conform", tool_conform, tool_conform_help},
};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int unknown(const char *name)
{
    tool_error("try: yoke --help", "there is no command \"%s\"", name);
    return TOOL_USAGE;
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int show_help(int argc, char **argv)
{
    const struct command *command;

    if (argc < 3) {
        (void)fputs(help, stdout);
        return TOOL_OK;
    }
    command = find(argv[2]);
    if (command == NULL) {
        return unknown(argv[2]);
    }
    (void)fputs(command->help, stdout);
    return TOOL_OK;
}

int main(int argc, char **argv)
{
    const struct command *command;

    tool_start = yoke_host_clock();
    // A limit on file sizes is to be an error that can be reported.
    (void)signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        (void)fputs(help, stderr);
        return TOOL_USAGE;
    }
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        return show_help(argc, argv);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("yoke %s\n", YOKE_VERSION);
        return TOOL_OK;
    }
    command = find(argv[1]);
    if (command == NULL) {
        return unknown(argv[1]);
    }
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_help(argv[i])) {
            (void)fputs(command->help, stdout);
            return TOOL_OK;
        }
    }
    return command->run(argc - 1, argv + 1);
}
