// SPDX-License-Identifier: BSD-3-Clause
// Firmware and hosts of different ages: tables of version 1, 2 or both, hosts that know version 1,
// 2 or both, each feature offered or not and taken or not. All of them communicate, or the host
// refuses in words. Prints the matrix. `test_skew DIRECTORY`: of skew-1, skew-2, skew-both.elf.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/abi/rsc2.h>
#include <yoke/host.h>

#define ECHO_ADDR 1024u
#define TIMEOUT_MS 2000
#define PAYLOAD_MAX 65528u

static const struct {
    const char *name;
    uint64_t bit;
    bool used; ///< Known to this library; the others are only announced.
} features[] = {
    {"name service", YOKE_F_RPMSG_NS, true},
    {"buffers", YOKE_F_RPMSG_BUFFERS, true},
    {"event index", YOKE_F_RING_EVENT_IDX, true},
    {"indirect", YOKE_F_RING_INDIRECT, true},
    {"generation", YOKE_F_RPMSG_GENERATION, false},
    {"credits", YOKE_F_RPMSG_CREDITS, false},
    {"bulk", YOKE_F_RPMSG_BULK, false},
    {"acknowledgement", YOKE_F_RPMSG_ACK, true},
};
#define FEATURES (sizeof features / sizeof features[0])

static const struct {
    const char *name;
    const char *file;
    uint32_t versions;
} tables[] = {
    {"table 1", "skew-1.elf", 1},
    {"table 2", "skew-2.elf", 2},
    {"both", "skew-both.elf", 3},
};

static uint8_t sent[PAYLOAD_MAX];
static uint8_t got[PAYLOAD_MAX + 1];
static size_t got_size;
static uint32_t got_count;
static char refusals[2][320];

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    if (msg->size <= sizeof got - got_size) {
        memcpy(got + got_size, msg->data, msg->size);
    }
    got_size += msg->size;
    got_count++;
}

/// Sets what the tables of an ELF file offer for its rpmsg device. False if that cannot be.
static bool set_offered(uint8_t *bytes, size_t size, uint64_t offered)
{
    static const char *const sections[] = {YOKE_RSC_SECTION, YOKE_RSC2_SECTION};
    struct yoke_refusal refusal;
    struct yoke_elf elf;
    bool done = false;

    if (yoke_elf_open(&elf, yoke_bytes(bytes, size), NULL, 0, &refusal) != YOKE_OK) {
        return false;
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct yoke_section section;
        struct yoke_rsc_entry entry;
        struct yoke_rsc rsc;
        if (yoke_elf_find_section(&elf, sections[i], &section) != YOKE_OK ||
            yoke_rsc_open(&rsc, section.bytes, &refusal) != YOKE_OK) {
            continue;
        }
        while (yoke_rsc_next(&rsc, &entry, &refusal) == YOKE_OK) {
            uint8_t *const at = bytes + section.offset + entry.offset;
            if (entry.type == YOKE_RSC_VDEV) {
                yoke_put_le32(at + (i == 0 ? offsetof(struct yoke_rsc_vdev, dfeatures)
                                           : offsetof(struct yoke_rsc2_vdev, features)),
                              (uint32_t)offered);
                done = true;
            }
        }
    }
    return done;
}

/// The file with other features, under a name of its own.
static bool make_firmware(const char *path, uint64_t offered, char *name)
{
    static uint8_t bytes[1 << 20];
    FILE *const from = fopen(path, "rb");

    if (from == NULL) {
        return false;
    }
    const size_t size = fread(bytes, 1, sizeof bytes, from);
    (void)fclose(from);
    const int file = mkstemp(name);
    const bool written =
        file >= 0 && set_offered(bytes, size, offered) && write(file, bytes, size) == (ssize_t)size;
    if (file >= 0) {
        (void)close(file);
    }
    return written;
}

/// Echoes a message. NULL, or what went wrong.
static const char *echo(struct yoke_host *host, struct yoke_ept *ept, uint32_t size)
{
    const uint64_t deadline = yoke_host_clock() + TIMEOUT_MS * UINT64_C(1000000);
    int status;

    got_size = 0;
    got_count = 0;
    do {
        status = yoke_send(ept, sent, size);
        if (status == YOKE_AGAIN && yoke_host_wait(host, 100) < 0) {
            return host->error;
        }
    } while (status == YOKE_AGAIN && yoke_host_clock() < deadline);
    if (status != YOKE_OK) {
        return yoke_status_text(status);
    }
    while (got_size < size || got_count == 0) {
        if (yoke_host_clock() >= deadline) {
            return "no answer";
        }
        if (yoke_host_wait(host, 100) < 0) {
            return host->error;
        }
    }
    return got_size == size && memcmp(got, sent, size) == 0 ? NULL : "another answer";
}

/// Says that this endpoint listens: the firmware speaks first, if acknowledgement is in force, or
/// says nothing. NULL, or what went wrong.
static const char *listen(struct yoke_host *host, struct yoke_ept *ept, uint64_t in_force)
{
    const struct yoke_service *const service = yoke_host_find(host, "echo", TIMEOUT_MS);
    const uint64_t deadline = yoke_host_clock() + TIMEOUT_MS * UINT64_C(1000000);

    if (service == NULL) {
        return host->error;
    }
    got_size = 0;
    got_count = 0;
    const bool may = (host->options.known & YOKE_F_RPMSG_ACK) != 0;
    if (yoke_bind(&host->bindings, ept, service) != (may ? YOKE_OK : YOKE_INVALID)) {
        return "the listener is not bound";
    }
    while ((in_force & YOKE_F_RPMSG_ACK) != 0 && got_count == 0) {
        if (yoke_host_clock() >= deadline) {
            return "the firmware does not speak first";
        }
        if (yoke_host_wait(host, 100) < 0) {
            return host->error;
        }
    }
    // Otherwise the first message is to be the echo that comes next.
    return got_count == 0 || (got_size == 5 && memcmp(got, "bound", 5) == 0)
               ? NULL
               : "says something else";
}

/// Boots, looks at what is in force, and exchanges messages. NULL, or what went wrong.
static const char *communicate(struct yoke_host *host, uint64_t in_force)
{
    static struct yoke_ept ept;
    const bool large = (in_force & YOKE_F_RPMSG_BUFFERS) != 0;
    const uint32_t sizes[] = {0, 1, 100, 496, 497, 4096, PAYLOAD_MAX};
    const uint32_t mtu = large ? PAYLOAD_MAX : 496;
    const char *wrong = NULL;

    ept = (struct yoke_ept){0};
    if (yoke_host_boot(host) != YOKE_OK || yoke_ept_open(&host->link, &ept, YOKE_RPMSG_ADDR_ANY,
                                                         ECHO_ADDR, receive, NULL) != YOKE_OK) {
        return host->error;
    }
    if (yoke_link_features(&host->link) != in_force) {
        return "other features are in force";
    }
    if (yoke_link_mtu(&host->link) != mtu) {
        return "another size is the largest";
    }
    if ((in_force & YOKE_F_RPMSG_NS) != 0) {
        wrong = listen(host, &ept, in_force);
    }
    for (size_t i = 0; wrong == NULL && i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i] <= mtu) {
            wrong = echo(host, &ept, sizes[i]);
        } else if (yoke_send(&ept, sent, sizes[i]) != YOKE_TOO_LONG) {
            wrong = "a message is too long, and was sent";
        }
    }
    return wrong;
}

/// One combination. '+': works with `bit` in force, '-': without; 'r': refused in words, as it has
/// to be; '!': anything else, which is printed.
static char try(const char *path, uint32_t table, uint32_t known_versions, uint64_t offered,
                uint64_t taken, uint64_t bit)
{
    static struct yoke_host host;
    const struct yoke_host_options options = {.versions = known_versions, .known = taken};
    const bool version_2 = (tables[table].versions & known_versions & 2) != 0;
    const bool readable = (tables[table].versions & known_versions) != 0;
    char name[] = "/tmp/yoke-skew-XXXXXX";
    uint64_t in_force = version_2 ? 0 : ~YOKE_F_RPMSG_BUFFERS;
    const char *wrong;
    char result;

    in_force = offered & taken & (version_2 ? UINT64_MAX : ~YOKE_F_RPMSG_BUFFERS);
    for (size_t i = 0; i < FEATURES; i++) {
        in_force &= features[i].used ? UINT64_MAX : ~features[i].bit;
    }
    if (!make_firmware(path, offered, name)) {
        (void)printf("%s: cannot be read, or written to %s\n", path, name);
        return '!';
    }
    const int status = yoke_host_open(&host, name, &options);
    if (!readable) {
        // "FILE: image: has no resource table: ...", without the file's name.
        const char *const words = strchr(host.error, ':');
        wrong = status == YOKE_BAD_IMAGE && words != NULL ? NULL : "is not refused";
        result = 'r';
        if (wrong == NULL) {
            (void)snprintf(refusals[table & 1], sizeof refusals[0], "%s", words);
        }
    } else {
        wrong = status == YOKE_OK ? communicate(&host, in_force) : host.error;
        result = (in_force & bit) != 0 ? '+' : '-';
    }
    if (wrong != NULL) {
        (void)printf("%s, host of versions %u, offered %#llx, taken %#llx: %s\n",
                     tables[table].name, known_versions, (unsigned long long)offered,
                     (unsigned long long)taken, wrong);
        result = '!';
    }
    yoke_host_close(&host);
    (void)unlink(name);
    return result;
}

int main(int argc, char **argv)
{
    uint64_t all = 0;
    uint32_t wrong = 0;
    uint32_t count = 0;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: test_skew DIRECTORY\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof sent; i++) {
        sent[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (size_t i = 0; i < FEATURES; i++) {
        all |= features[i].bit;
    }
    (void)printf("In each field: offered and taken, only offered, only taken, neither.\n"
                 "+ in force   - not in force   r refused: no table that the host knows\n"
                 "Each echoes messages of up to 496 bytes, or 65528 with buffers in force.\n"
                 "\n%-17s",
                 "");
    for (uint32_t table = 0; table < 3; table++) {
        (void)printf("%-19s", tables[table].name);
    }
    (void)printf("\n%-17s", "host knows");
    for (uint32_t table = 0; table < 3; table++) {
        (void)printf("%-6s%-6s%-7s", "1", "2", "1, 2");
    }
    (void)printf("\n");
    for (size_t i = 0; i < FEATURES; i++) {
        char line[64];
        size_t at = 0;
        memset(line, ' ', sizeof line);
        for (uint32_t table = 0; table < 3; table++) {
            char path[4096];
            (void)snprintf(path, sizeof path, "%s/%s", argv[1], tables[table].file);
            for (uint32_t versions = 1; versions <= 3; versions++) {
                for (uint32_t off = 0; off < 4; off++) {
                    const uint64_t bit = features[i].bit;
                    const char result =
                        try(path, table, versions, (off & 2) != 0 ? all & ~bit : all,
                            (off & 1) != 0 ? all & ~bit : all, bit);
                    line[at++] = result;
                    wrong += result == '!';
                    count++;
                }
                at += versions == 3 ? 3 : 2;
            }
        }
        (void)printf("%-17s%.*s\n", features[i].name, (int)at, line);
    }
    (void)printf("\nhost that knows 1, table 2%s\nhost that knows 2, table 1%s\n", refusals[1],
                 refusals[0]);
    (void)printf("%u combinations, %u wrong\n", count, wrong);
    return wrong == 0 ? 0 : 1;
}
