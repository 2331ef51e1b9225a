// SPDX-License-Identifier: BSD-3-Clause
// yoke size: memory for rings, buffers and links, and the other way round.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rpmsg.h>
#include <yoke/abi/vring.h>
#include <yoke/rpmsg.h>

#include "tool.h"

/// Bounds of what can be asked for.
#define PAYLOAD_MAX 65528u
#define ENDPOINTS_MAX 65536u

/// Yoke's loader places rings and buffers at multiples of a cache line (struct yoke_plan_options).
#define PLACE_ALIGN 64u

/// What Linux's own driver does: rings in whole pages, at most so many buffers each way.
#define LINUX_PAGE 4096u
#define LINUX_BUFFERS 256u

const char tool_size_help[] =
    "usage: yoke size [OPTION...]\n"
    "\n"
    "Says how much memory an rpmsg link takes: shared, for rings and buffers, and private on each\n"
    "side. With --memory the other way round: how many buffers fit.\n"
    "\n"
    "N[,M] is a value for each direction: N from the firmware to the host, M from the host to the\n"
    "firmware; N alone is for both.\n"
    "\n"
    "options:\n"
    "  --buffers N[,M]   buffers, powers of two from 2 to 32768; 64 if not said\n"
    "  --payload N[,M]   bytes of the largest message, 1 to 65528; 496 if not said\n"
    "  --endpoints N     endpoints on each side, 1 to 65536; 8 if not said\n"
    "  --align N         alignment of the rings, a power of two from 4 to 65536; 16 if not said\n"
    "  --memory BYTES    shared memory that there is, such as 65536, 64K or 1M: says the most\n"
    "                    buffers each way that fit\n"
    "  --json            one JSON object on stdout\n"
    "  --help            this text\n"
    "\n"
    "exit codes: 0 done; 1 not even the smallest link fits; 2 the command line makes no sense\n";

/// The two directions of a link.
enum direction { TO_HOST, TO_FIRMWARE };

static const char *const directions[] = {"to_host", "to_firmware"};

struct wish {
    uint64_t buffers[2];
    uint64_t payload[2];
    uint64_t endpoints;
    uint64_t align;
    uint64_t memory; ///< 0: not said.
    bool as_json;
};

/// Memory of a link.
struct sizes {
    uint32_t buffer[2]; ///< Bytes of one, header included.
    uint32_t count[2];
    uint32_t num[2]; ///< Descriptors of the ring.
    uint32_t ring[2];
    uint64_t buffers[2];
    uint64_t shared;    ///< All of it, as a loader places it.
    uint64_t linux_;    ///< The same with Linux's whole pages for rings.
    uint32_t buckets;   ///< For endpoints.
    uint64_t device[2]; ///< Private memory, of 32-bit and 64-bit cores.
    uint64_t driver[2];
};

// ------------------------------------------------------------------------------- the command line

/// Parses a number, with K or M if `suffixes`. `*rest` is what follows. False if there is none.
static bool parse_number(const char *text, bool suffixes, uint64_t *value, const char **rest)
{
    char *end = NULL;

    errno = 0;
    *value = strtoull(text, &end, 0);
    if (errno != 0 || end == text || text[0] == '-' || text[0] == ' ') {
        return false;
    }
    const unsigned shift = *end == 'K' ? 10 : (*end == 'M' ? 20 : 0);
    if (suffixes && shift != 0) {
        if (*value > UINT64_MAX >> shift) {
            return false;
        }
        *value <<= shift;
        end += end[1] == 'i' && end[2] == 'B' ? 3 : 1;
    }
    *rest = end;
    return true;
}

/// N[,M] into two values.
static bool parse_pair(const char *text, uint64_t values[2])
{
    const char *rest = NULL;

    if (!parse_number(text, false, &values[0], &rest)) {
        return false;
    }
    values[1] = values[0];
    return *rest == '\0' ||
           (*rest == ',' && parse_number(rest + 1, false, &values[1], &rest) && *rest == '\0');
}

static bool parse_one(const char *text, bool suffixes, uint64_t *value)
{
    const char *rest = NULL;

    return parse_number(text, suffixes, value, &rest) && *rest == '\0';
}

static bool power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static int refuse(const char *name, const char *text, const char *what)
{
    tool_error("try: yoke help size", "%s %s: must be %s", name, text, what);
    return TOOL_USAGE;
}

static int take_buffers(struct wish *wish, const char *text)
{
    char hint[80];

    if (!parse_pair(text, wish->buffers)) {
        return refuse("--buffers", text, "a number, or one for each direction: N,M");
    }
    for (int i = 0; i < 2; i++) {
        const uint64_t count = wish->buffers[i];
        uint64_t below = 2;
        if (count >= 2 && count <= YOKE_RING_MAX && power_of_two(count)) {
            continue;
        }
        while (below * 2 < count && below * 2 < YOKE_RING_MAX) {
            below *= 2;
        }
        (void)snprintf(hint, sizeof hint, "try %llu or %llu", (unsigned long long)below,
                       (unsigned long long)below * 2);
        tool_error(hint, "--buffers %s: %llu must be a power of two from 2 to %u", text,
                   (unsigned long long)count, YOKE_RING_MAX);
        return TOOL_USAGE;
    }
    return TOOL_OK;
}

static int take_payload(struct wish *wish, const char *text)
{
    if (!parse_pair(text, wish->payload) || wish->payload[0] < 1 || wish->payload[1] < 1 ||
        wish->payload[0] > PAYLOAD_MAX || wish->payload[1] > PAYLOAD_MAX) {
        return refuse("--payload", text, "from 1 to 65528, or N,M");
    }
    return TOOL_OK;
}

static bool known(const char *name)
{
    static const char *const names[] = {"--buffers", "--payload", "--endpoints", "--align",
                                        "--memory"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int take_value(struct wish *wish, const char *name, const char *text)
{
    if (strcmp(name, "--buffers") == 0) {
        return take_buffers(wish, text);
    }
    if (strcmp(name, "--payload") == 0) {
        return take_payload(wish, text);
    }
    if (strcmp(name, "--endpoints") == 0) {
        return parse_one(text, false, &wish->endpoints) && wish->endpoints >= 1 &&
                       wish->endpoints <= ENDPOINTS_MAX
                   ? TOOL_OK
                   : refuse(name, text, "from 1 to 65536");
    }
    if (strcmp(name, "--align") == 0) {
        return parse_one(text, false, &wish->align) && power_of_two(wish->align) &&
                       wish->align >= 4 && wish->align <= YOKE_RSC_ALIGN_MAX
                   ? TOOL_OK
                   : refuse(name, text, "a power of two from 4 to 65536");
    }
    return parse_one(text, true, &wish->memory) && wish->memory != 0
               ? TOOL_OK
               : refuse(name, text, "bytes, such as 65536, 64K or 1M");
}

static int parse(struct wish *wish, int argc, char **argv)
{
    bool buffers_said = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            wish->as_json = true;
            continue;
        }
        if (!known(argv[i])) {
            tool_error("try: yoke help size", "%s: there is no such option", argv[i]);
            return TOOL_USAGE;
        }
        if (i + 1 == argc) {
            tool_error("try: yoke help size", "%s: needs a value", argv[i]);
            return TOOL_USAGE;
        }
        const int status = take_value(wish, argv[i], argv[i + 1]);
        if (status != TOOL_OK) {
            return status;
        }
        buffers_said |= strcmp(argv[i], "--buffers") == 0;
        i++;
    }
    if (buffers_said && wish->memory != 0) {
        tool_error("leave one of them out",
                   "--memory asks how many buffers fit, and --buffers says how many there are");
        return TOOL_USAGE;
    }
    return TOOL_OK;
}

// ------------------------------------------------------------------------------------ calculating

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) / align * align;
}

static uint32_t up_to_power(uint64_t value)
{
    uint32_t power = 2;

    while (power < value) {
        power *= 2;
    }
    return power;
}

/// Puts one area behind the others. Returns where all end.
static uint64_t place(uint64_t end, uint64_t align, uint64_t size)
{
    return round_up(end, align) + size;
}

/// Sizes of a link with so many buffers each way, in rings as small as they can be.
static struct sizes calculate(const struct wish *wish, const uint64_t counts[2])
{
    const uint64_t align = wish->align > PLACE_ALIGN ? wish->align : PLACE_ALIGN;
    struct sizes sizes = {.buckets = up_to_power(wish->endpoints)};

    for (int i = 0; i < 2; i++) {
        sizes.buffer[i] =
            (uint32_t)round_up(wish->payload[i] + sizeof(struct yoke_rpmsg_header), 8);
        sizes.count[i] = (uint32_t)counts[i];
        sizes.num[i] = up_to_power(counts[i]);
        sizes.ring[i] = yoke_vring_bytes(sizes.num[i], (uint32_t)wish->align);
        sizes.buffers[i] = (uint64_t)sizes.count[i] * sizes.buffer[i];
        sizes.shared = place(sizes.shared, align, sizes.ring[i]);
        sizes.linux_ += round_up(sizes.ring[i], LINUX_PAGE);
    }
    for (int i = 0; i < 2; i++) {
        sizes.shared = place(sizes.shared, PLACE_ALIGN, sizes.buffers[i]);
        sizes.linux_ += sizes.buffers[i];
    }
    // A 32-bit core has pointers of half the size, and the rest of YOKE_LINK_*_BYTES as here.
    for (int i = 0; i < 2; i++) {
        const uint64_t pointers = (uint64_t)sizes.buckets * (i == 0 ? 4 : 8);
        sizes.device[i] = pointers + YOKE_LINK_DEVICE_BYTES(sizes.num[0], sizes.num[1], 0);
        sizes.driver[i] = pointers + YOKE_LINK_DRIVER_BYTES(sizes.num[0], sizes.num[1], 0);
    }
    return sizes;
}

static bool fits(const struct wish *wish, uint64_t count)
{
    const uint64_t counts[2] = {count, count};

    return calculate(wish, counts).shared <= wish->memory;
}

/// The most buffers each way that fit, of powers of two. 0: none.
static uint64_t most_whole(const struct wish *wish)
{
    uint64_t most = 0;

    for (uint64_t count = 2; count <= YOKE_RING_MAX && fits(wish, count); count *= 2) {
        most = count;
    }
    return most;
}

/// The same of any number: the ring has more descriptors than there are buffers.
static uint64_t most_any(const struct wish *wish)
{
    uint64_t fitting = most_whole(wish);
    uint64_t more = fitting != 0 ? YOKE_RING_MAX : 0;

    while (fitting < more) {
        const uint64_t middle = (fitting + more + 1) / 2;
        if (fits(wish, middle)) {
            fitting = middle;
        } else {
            more = middle - 1;
        }
    }
    return fitting;
}

// ---------------------------------------------------------------------------------------- showing

static bool needs_version_2(const struct sizes *sizes)
{
    return sizes->buffer[0] != YOKE_RPMSG_BUFFER_SIZE ||
           sizes->buffer[1] != YOKE_RPMSG_BUFFER_SIZE || sizes->count[0] != sizes->num[0] ||
           sizes->count[1] != sizes->num[1];
}

static void show_row(const char *what, uint64_t host, uint64_t firmware, const char *unit)
{
    (void)printf("  %-22s %12llu%-2s %14llu%s\n", what, (unsigned long long)host, unit,
                 (unsigned long long)firmware, unit);
}

static void show_notes(const struct sizes *sizes)
{
    if (needs_version_2(sizes)) {
        (void)printf("note: this needs table version 2 and the feature for buffers; a host without "
                     "them gives\n      %u buffers of %u bytes to the host, %u to the firmware\n",
                     sizes->num[0], YOKE_RPMSG_BUFFER_SIZE, sizes->num[1]);
    }
    if (sizes->num[0] > LINUX_BUFFERS || sizes->num[1] > LINUX_BUFFERS) {
        (void)printf("note: Linux's own driver uses at most %u buffers each way\n", LINUX_BUFFERS);
    }
}

static void show(const struct wish *wish, const struct sizes *sizes)
{
    (void)printf("shared memory              to the host  to the firmware\n");
    show_row("payload, at most", sizes->buffer[0] - sizeof(struct yoke_rpmsg_header),
             sizes->buffer[1] - sizeof(struct yoke_rpmsg_header), " B");
    show_row("buffer", sizes->buffer[0], sizes->buffer[1], " B");
    show_row("buffers", sizes->count[0], sizes->count[1], "");
    show_row("all buffers", sizes->buffers[0], sizes->buffers[1], " B");
    show_row("descriptors", sizes->num[0], sizes->num[1], "");
    show_row("ring", sizes->ring[0], sizes->ring[1], " B");
    (void)printf("  %-22s %12llu B\n", "total, placed", (unsigned long long)sizes->shared);
    (void)printf("  %-22s %12llu B\n", "with pages for rings", (unsigned long long)sizes->linux_);
    if (wish->memory != 0) {
        (void)printf("  %-22s %12llu B of %llu\n", "left over",
                     (unsigned long long)(wish->memory - sizes->shared),
                     (unsigned long long)wish->memory);
    }
    (void)printf("private memory            32-bit core      64-bit core\n");
    show_row("firmware, device role", sizes->device[0], sizes->device[1], " B");
    show_row("host, driver role", sizes->driver[0], sizes->driver[1], " B");
    (void)printf(
        "messages on the way at a time: %u to the host, %u to the firmware; %u buckets for "
        "%llu endpoints\n",
        sizes->count[0], sizes->count[1], sizes->buckets, (unsigned long long)wish->endpoints);
    show_notes(sizes);
}

static cJSON *sizes_json(const struct sizes *sizes)
{
    cJSON *const json = cJSON_CreateObject();

    for (int i = 0; i < 2; i++) {
        cJSON *const side = cJSON_AddObjectToObject(json, directions[i]);
        (void)cJSON_AddNumberToObject(
            side, "payload", (double)(sizes->buffer[i] - sizeof(struct yoke_rpmsg_header)));
        (void)cJSON_AddNumberToObject(side, "buffer_size", sizes->buffer[i]);
        (void)cJSON_AddNumberToObject(side, "buffer_count", sizes->count[i]);
        (void)cJSON_AddNumberToObject(side, "buffer_bytes", (double)sizes->buffers[i]);
        (void)cJSON_AddNumberToObject(side, "num", sizes->num[i]);
        (void)cJSON_AddNumberToObject(side, "ring_bytes", sizes->ring[i]);
    }
    (void)cJSON_AddNumberToObject(json, "shared_bytes", (double)sizes->shared);
    (void)cJSON_AddNumberToObject(json, "shared_bytes_linux", (double)sizes->linux_);
    (void)cJSON_AddNumberToObject(json, "buckets", sizes->buckets);
    (void)cJSON_AddNumberToObject(json, "device_bytes_32", (double)sizes->device[0]);
    (void)cJSON_AddNumberToObject(json, "device_bytes_64", (double)sizes->device[1]);
    (void)cJSON_AddNumberToObject(json, "driver_bytes_32", (double)sizes->driver[0]);
    (void)cJSON_AddNumberToObject(json, "driver_bytes_64", (double)sizes->driver[1]);
    (void)cJSON_AddBoolToObject(json, "needs_version_2", needs_version_2(sizes));
    return json;
}

/// Fills in how many buffers fit, or says that none do.
static int fit(struct wish *wish, const struct sizes *least)
{
    const uint64_t whole = most_whole(wish);
    const uint64_t any = most_any(wish);

    if (whole == 0) {
        tool_error("give it more, or smaller messages with --payload",
                   "--memory %llu: 2 buffers each way take %llu bytes already",
                   (unsigned long long)wish->memory, (unsigned long long)least->shared);
        return TOOL_FAILED;
    }
    wish->buffers[0] = wish->buffers[1] = whole;
    if (!wish->as_json) {
        (void)printf("%llu buffers each way fit into %llu bytes", (unsigned long long)whole,
                     (unsigned long long)wish->memory);
        if (any > whole) {
            (void)printf("; table version 2 can name %llu, in rings of %u descriptors",
                         (unsigned long long)any, up_to_power(any));
        }
        (void)printf("\n\n");
    }
    return TOOL_OK;
}

int tool_size_command(int argc, char **argv)
{
    static const uint64_t smallest[2] = {2, 2};
    struct wish wish = {.buffers = {64, 64}, .payload = {496, 496}, .endpoints = 8, .align = 16};
    int status = parse(&wish, argc, argv);

    if (status != TOOL_OK) {
        return status;
    }
    if (wish.memory != 0) {
        const struct sizes least = calculate(&wish, smallest);
        status = fit(&wish, &least);
    }
    const struct sizes sizes = calculate(&wish, wish.buffers);
    if (!wish.as_json) {
        if (status == TOOL_OK) {
            show(&wish, &sizes);
        }
        return status;
    }
    cJSON *const json = status == TOOL_OK ? sizes_json(&sizes) : cJSON_CreateObject();
    if (wish.memory != 0) {
        (void)cJSON_AddNumberToObject(json, "memory", (double)wish.memory);
        (void)cJSON_AddNumberToObject(json, "most_version_2", (double)most_any(&wish));
    }
    (void)cJSON_AddNumberToObject(json, "exit_code", status);
    if (status != TOOL_OK) {
        (void)cJSON_AddStringToObject(json, "error", tool_last_error);
    }
    const int printed = tool_json_print(json);
    return status != TOOL_OK ? status : printed;
}
