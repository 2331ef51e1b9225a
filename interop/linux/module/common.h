/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A remoteproc driver for a Yoke coprocessor, but for how its memory and its doorbell are reached:
 * that is the transport's (uml.c, ivshmem.c).
 */
#ifndef YOKE_COMMON_H
#define YOKE_COMMON_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/remoteproc.h>
#include <linux/workqueue.h>

#include "control.h"

struct yoke_core {
	/* The transport's, set before yoke_core_add(). */
	struct device *dev;
	struct yoke_control *control;
	void *memory; /* where control->regions[].offset counts from */
	dma_addr_t memory_pa;
	void (*ring)(struct yoke_core *core); /* in any context */

	/* Of common.c. */
	struct rproc *rproc;
	struct workqueue_struct *queue;
	struct work_struct rang;
	struct completion done;
	u32 seen[YOKE_CONTROL_QUEUES];
	u32 crashes;
};

/*
 * Registers a remoteproc. The transport may ring from now on, and has to take yoke_core_rang().
 * A core that runs already is "detached", as remoteproc has it: write "start" to attach.
 */
int yoke_core_add(struct yoke_core *core);

/* The reverse. The transport must ring no more when it returns, and frees what it owns. */
void yoke_core_remove(struct yoke_core *core);

/* The host leaves, by reboot for instance: a core that may run on is detached, others stop. */
void yoke_core_shutdown(struct yoke_core *core);

/* The doorbell rang. In any context. */
void yoke_core_rang(struct yoke_core *core);

#endif
