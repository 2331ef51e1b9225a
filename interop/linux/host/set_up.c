// SPDX-License-Identifier: BSD-3-Clause
// What a kernel finds when it comes: memory, the control page, perhaps firmware that runs.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carveouts.h"
#include "coprocessor.h"

void coprocessor_refuse(const char *what, const char *why)
{
    (void)fprintf(stderr, "coprocessor: %s: %s\n", what, why);
    exit(1);
}

void coprocessor_die(const char *what)
{
    coprocessor_refuse(what, strerror(errno));
}

int coprocessor_memory(const char *name, size_t size, void **memory)
{
    const int fd = memfd_create(name, 0);

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
        coprocessor_die(name);
    }
    *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*memory == MAP_FAILED) {
        coprocessor_die(name);
    }
    return fd;
}

void coprocessor_add_region(struct coprocessor *core, const char *name, uint64_t da,
                            uint64_t offset, uint64_t size, uint32_t flags)
{
    struct yoke_control *const control = core->control;
    struct yoke_control_region *const region = &control->regions[control->region_count++];

    *region =
        (struct yoke_control_region){.da = da, .offset = offset, .size = size, .flags = flags};
    (void)snprintf(region->name, sizeof region->name, "%s", name);
}

void coprocessor_add_shared(struct coprocessor *core, const char *name, uint64_t at, uint64_t size,
                            uint32_t flags)
{
    const struct yoke_region *const shared = &core->machine->regions[1];
    const uint64_t offset = (uint64_t)((char *)shared->va - core->memory) + at;

    coprocessor_add_region(core, name, shared->da + at, offset, size, flags);
}

void coprocessor_describe(struct coprocessor *core, bool rings)
{
    const struct yoke_region *const image = &core->machine->regions[0];
    char name[32];

    core->control->elf_class = core->kind->target->elf_class;
    core->control->elf_machine = core->kind->target->machine;
    coprocessor_add_region(core, "image", image->da, (uint64_t)((char *)image->va - core->memory),
                           image->size, YOKE_CONTROL_DUMP);
    for (uint32_t i = 0; rings && i < 4; i++) {
        (void)snprintf(name, sizeof name, "vdev%uvring%u", i / 2, i % 2);
        coprocessor_add_shared(core, name, i * CARVEOUT_RING_SIZE, CARVEOUT_RING_SIZE,
                               i < 2 ? YOKE_CONTROL_DUMP : 0);
    }
    coprocessor_add_shared(core, "pool", CARVEOUT_POOL, CARVEOUT_POOL_SIZE, YOKE_CONTROL_DUMP);
    coprocessor_add_shared(core, "window", CARVEOUT_WINDOW, CARVEOUT_WINDOW_SIZE, 0);
    __atomic_store_n(&core->control->magic, YOKE_CONTROL_MAGIC, __ATOMIC_RELEASE);
}

void coprocessor_boot(struct coprocessor *core, const char *path)
{
    const struct yoke_region *const image = &core->machine->regions[0];
    struct yoke_refusal refusal;
    struct yoke_elf elf;
    struct yoke_segment segment;
    struct yoke_section table;
    struct stat info;
    char text[256];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) != 0) {
        coprocessor_die(path);
    }
    const void *const file = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED) {
        coprocessor_die(path);
    }
    if (yoke_elf_open(&elf, yoke_bytes(file, (size_t)info.st_size), core->kind->target, 1,
                      &refusal) != YOKE_OK) {
        (void)yoke_refusal_text(&refusal, text, sizeof text);
        coprocessor_refuse(path, text);
    }
    for (uint32_t i = 0; yoke_elf_segment(&elf, i, &segment, &refusal) == YOKE_OK; i++) {
        if (segment.type != YOKE_PT_LOAD) {
            continue;
        }
        if (segment.paddr < image->da || segment.memsz > image->size ||
            segment.paddr - image->da > image->size - segment.memsz) {
            coprocessor_refuse(path, "a segment outside the image's memory");
        }
        memcpy((char *)image->va + (segment.paddr - image->da), segment.bytes.data,
               segment.bytes.size);
    }
    if (yoke_elf_find_section(&elf, YOKE_RSC_SECTION, &table) == YOKE_OK) {
        core->control->table_da = (uint32_t)table.addr;
        core->control->table_size = (uint32_t)table.size;
    }
    if (core->machine->ops->start(core->machine, elf.entry) != YOKE_OK) {
        coprocessor_refuse(path, core->machine->error);
    }
    core->control->running = 1;
    (void)close(fd);
}
