/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The page that the kernel's module and the coprocessor's host side share: what a chip has registers
 * for. Little endian, naturally aligned. Each word has one writer, so no atomic operation has to
 * work across the two sides. A doorbell, by whatever means the transport has, says "look here".
 *
 * The host side fills in the constant part, then writes `magic`, before the kernel may look.
 */
#ifndef YOKE_CONTROL_H
#define YOKE_CONTROL_H

#ifdef __KERNEL__
#include <linux/types.h>
typedef u32 yoke_u32;
typedef u64 yoke_u64;
#else
#include <stdint.h>
typedef uint32_t yoke_u32;
typedef uint64_t yoke_u64;
#endif

#define YOKE_CONTROL_MAGIC 0x656b6f79u
#define YOKE_CONTROL_SIZE 4096
#define YOKE_CONTROL_REGIONS 12
#define YOKE_CONTROL_QUEUES 32

/* yoke_region.flags */
#define YOKE_CONTROL_DUMP 1u   /* part of a core dump */
#define YOKE_CONTROL_BUFFER 2u /* for the kernel's own buffers: the core declares it coherent */

/* One range of the coprocessor's memory, and the carveout as which it is registered. */
struct yoke_control_region {
	yoke_u64 da;
	yoke_u64 offset; /* in the memory that both sides have */
	yoke_u64 size;
	yoke_u32 flags;
	yoke_u32 zero;
	char name[32];
};

enum yoke_command {
	YOKE_COMMAND_NONE,
	YOKE_COMMAND_START,  /* at `entry` */
	YOKE_COMMAND_STOP,   /* done when nothing writes to memory any more */
	YOKE_COMMAND_ATTACH, /* the kernel is here, */
	YOKE_COMMAND_DETACH, /* or leaves, and the core runs on */
};

struct yoke_control {
	/* Constant, by the host side. */
	yoke_u32 magic;
	yoke_u32 region_count;
	yoke_u32 elf_class; /* of the core dump: 1 or 2 */
	yoke_u32 elf_machine;
	char link[112]; /* the transport's own: a socket's path */
	struct yoke_control_region regions[YOKE_CONTROL_REGIONS];

	/* By the kernel. */
	yoke_u32 command; /* enum yoke_command */
	yoke_u32 command_number; /* changes with every command, last */
	yoke_u64 entry;
	yoke_u32 table_da; /* of the firmware that is started; kept for who attaches later */
	yoke_u32 table_size;
	yoke_u64 memory_pa; /* where the kernel has the memory: what is in descriptors */
	yoke_u32 to_core[YOKE_CONTROL_QUEUES]; /* kicks, counted, by notify id */

	/* By the host side. */
	yoke_u32 done_number; /* the last command that is done, and */
	yoke_u32 done_status; /* 0, or an errno */
	yoke_u32 running;
	yoke_u32 crashes; /* counted */
	yoke_u32 to_kernel[YOKE_CONTROL_QUEUES];
};

#endif
