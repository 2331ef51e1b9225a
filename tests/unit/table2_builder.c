// SPDX-License-Identifier: BSD-3-Clause
// Tables of version 2, written from the figures of spec/table-2.md.
#include <assert.h>
#include <string.h>

#include "image_builder.h"

void table_quad(struct table *table, uint64_t quad)
{
    table_word(table, (uint32_t)quad);
    table_word(table, (uint32_t)(quad >> 32));
}

/// Fills in the size of the entry that was begun last.
static void end_entry(struct table *table)
{
    if (table->entry != 0) {
        table_set(table, table->entry + 4, (uint32_t)(table->size - table->entry));
    }
}

void table2_begin(struct table *table, uint32_t owner, uint64_t offered)
{
    memset(table, 0, sizeof(*table));
    memcpy(table->bytes, "YRT2", 4);
    table->size = 4;
    table_word(table, 2 | 48u << 16); // version, header_size
    table_word(table, 0);             // size
    table_word(table, 0);             // count
    table_word(table, owner);
    table_word(table, 0); // host
    table_quad(table, offered);
    table_quad(table, 0); // taken
    table_quad(table, 0); // reserved
    assert(table->size == 48);
}

void table2_end(struct table *table)
{
    end_entry(table);
    table_set(table, 8, (uint32_t)table->size);
    table_set(table, 12, table->entries);
}

void table2_entry(struct table *table, uint32_t type, uint8_t flags)
{
    end_entry(table);
    table->entry = table->size;
    table->entries++;
    table_word(table, type);
    table_word(table, 0); // size
    table_word(table, 1 | (uint32_t)flags << 8);
}

size_t table2_at(const struct table *table)
{
    return table->entry;
}

void table2_memory(struct table *table, uint32_t type, uint8_t flags, uint64_t da, uint64_t pa,
                   uint64_t len, uint32_t align, const char *name)
{
    table2_entry(table, type, flags);
    table_word(table, 0x11); // flags
    table_quad(table, da);
    table_quad(table, pa);
    table_quad(table, len);
    table_word(table, align);
    table_word(table, 0);
    table_name(table, name);
}

void table2_trace(struct table *table, uint8_t flags, uint32_t notifyid, uint64_t da, uint64_t len,
                  const char *name)
{
    table2_entry(table, 2, flags);
    table_word(table, notifyid);
    table_quad(table, da);
    table_quad(table, len);
    table_name(table, name);
}

void table2_vdev(struct table *table, uint8_t flags, uint32_t id, uint64_t features, uint64_t state,
                 uint64_t base, uint32_t state_size, uint32_t config, uint32_t queues)
{
    table2_entry(table, 3, flags);
    table_word(table, id);
    table_quad(table, features);
    table_quad(table, state);
    table_quad(table, base);
    table_word(table, state_size);
    table_word(table, config);
    table_word(table, queues);
    table_word(table, 0);
}

void table2_queue(struct table *table, uint64_t da, uint64_t buffers, uint32_t num, uint32_t align,
                  uint32_t buffer_size, uint32_t buffer_count)
{
    table_quad(table, da);
    table_quad(table, buffers);
    table_word(table, num);
    table_word(table, align);
    table_word(table, buffer_size);
    table_word(table, buffer_count);
    table_word(table, 0); // notifyid
    table_word(table, 0);
}

void table2_identity(struct table *table, uint8_t flags, uint32_t drivers, const char *chip,
                     const char *firmware, const char *version)
{
    table2_entry(table, 16, flags);
    table_word(table, drivers);
    table_name(table, chip);
    table_name(table, firmware);
    table_name(table, version);
}

void table2_power(struct table *table, uint8_t flags, uint32_t notifyid, uint64_t state)
{
    table2_entry(table, 17, flags);
    table_word(table, notifyid);
    table_quad(table, state);
}

void table2_parameter(struct table *table, uint8_t flags, uint32_t kind, uint64_t da, uint32_t size,
                      const char *name)
{
    table2_entry(table, 18, flags);
    table_word(table, kind);
    table_quad(table, da);
    table_word(table, size);
    table_word(table, 0);
    table_name(table, name);
}

void table2_devicetree(struct table *table, uint8_t flags, uint64_t da, uint64_t len)
{
    table2_entry(table, 19, flags);
    table_word(table, 0);
    table_quad(table, da);
    table_quad(table, len);
}

void table2_locks(struct table *table, uint8_t flags, uint32_t kind, uint64_t da, uint32_t count,
                  uint32_t stride, uint32_t owner, uint32_t free, const char *name)
{
    table2_entry(table, 20, flags);
    table_word(table, kind);
    table_quad(table, da);
    table_word(table, count);
    table_word(table, stride);
    table_word(table, owner);
    table_word(table, free);
    table_name(table, name);
}

void firmware2_table(struct table *table)
{
    table2_begin(table, 0, 7);
    table2_memory(table, 0, 0, ANY, 0, 0x1000, 4096, "heap");
    table2_trace(table, 2, 0, FW2_TRACE, FW2_TRACE_SIZE, "log");
    table2_vdev(table, 1, 7, 0x10001, FW2_STATE, 0, 68, 0, 2);
    table2_queue(table, ANY, ANY, 4, 16, 1024, 0);
    table2_queue(table, ANY, ANY, 8, 16, 2048, 6);
    table2_power(table, 0, 0, FW2_POWER);
    table2_parameter(table, 0, 1, FW2_PARAMETERS, 1, "rate");
    table2_parameter(table, 0, 2, FW2_PARAMETERS + 2, 2, "offset");
    table2_parameter(table, 0, 3, FW2_PARAMETERS + 4, 4, "loud");
    table2_parameter(table, 0, 4, FW2_PARAMETERS + 0x10, 16, "title");
    table2_parameter(table, 0, 5, FW2_PARAMETERS + 0x20, 4, "key");
    table2_devicetree(table, 0, FW2_TREE, 0x100);
    table2_locks(table, 0, 0, FW2_LOCKS, 4, 8, 0xa5, 0x5a, "locks");
    table2_identity(table, 0, 2, "acme,chip", "blinker", "1.2");
    table_name(table, "acme-rproc");
    table_name(table, "other-rproc");
    table2_entry(table, 0x80000001, 0);
    table_word(table, 0x12345678);
    table2_end(table);
}
