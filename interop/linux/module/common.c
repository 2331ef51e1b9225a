// SPDX-License-Identifier: GPL-2.0-only
#include "common.h"

#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#define COMMAND_TIMEOUT (10 * HZ)

/* Exported for platform drivers, but declared in their folder only. */
irqreturn_t rproc_vq_interrupt(struct rproc *rproc, int id);

static struct yoke_core *core_of(struct rproc *rproc)
{
	return *(struct yoke_core **)rproc->priv;
}

/* ------------------------------------------------------------------------------- the other side */

/* Called with the rproc's lock held, so one at a time. Sleeps until the other side has done it. */
static int yoke_command(struct yoke_core *core, enum yoke_command command)
{
	struct yoke_control *control = core->control;
	unsigned long end = jiffies + COMMAND_TIMEOUT;
	u32 number = READ_ONCE(control->command_number) + 1;

	reinit_completion(&core->done);
	WRITE_ONCE(control->command, command);
	wmb(); /* All of the command is there before its number is. */
	WRITE_ONCE(control->command_number, number);
	core->ring(core);
	while (READ_ONCE(control->done_number) != number) {
		if (time_after(jiffies, end)) {
			dev_err(core->dev, "the coprocessor's host does not answer command %u\n",
				command);
			return -ETIMEDOUT;
		}
		wait_for_completion_timeout(&core->done, HZ / 10);
	}
	rmb(); /* Partner: the other side writes the number last. */
	return -(int)(READ_ONCE(control->done_status) % MAX_ERRNO);
}

/* Virtqueue callbacks sleep and take mutexes: this is a thread's work. */
static void yoke_core_work(struct work_struct *work)
{
	struct yoke_core *core = container_of(work, struct yoke_core, rang);
	struct yoke_control *control = core->control;
	bool rang = false;
	u32 crashes;
	int i;

	mb(); /* What the other side wrote before it rang is seen below. */
	complete(&core->done);
	for (i = 0; i < YOKE_CONTROL_QUEUES; i++) {
		u32 now = READ_ONCE(control->to_kernel[i]);

		rang |= now != core->seen[i];
		core->seen[i] = now;
	}
	/* A doorbell says only "look": at every queue, whichever number it had. */
	for (i = 0; rang && i < YOKE_CONTROL_QUEUES; i++)
		rproc_vq_interrupt(core->rproc, i);
	crashes = READ_ONCE(control->crashes);
	if (crashes != core->crashes) {
		core->crashes = crashes;
		rproc_report_crash(core->rproc, RPROC_FATAL_ERROR);
	}
}

void yoke_core_rang(struct yoke_core *core)
{
	queue_work(core->queue, &core->rang);
}

/* ------------------------------------------------------------------------ what remoteproc asks */

static struct yoke_control_region *yoke_region(struct yoke_core *core, int i,
					       struct yoke_control_region *copy)
{
	if (i >= YOKE_CONTROL_REGIONS || i >= READ_ONCE(core->control->region_count))
		return NULL;
	*copy = core->control->regions[i];
	copy->name[sizeof(copy->name) - 1] = '\0';
	return copy;
}

/* Carveouts live from here to the stop: the core throws them away then. */
static int yoke_prepare(struct rproc *rproc)
{
	struct yoke_core *core = core_of(rproc);
	struct yoke_control_region region;
	struct rproc_mem_entry *entry;
	int i, status;

	for (i = 0; yoke_region(core, i, &region); i++) {
		dma_addr_t pa = core->memory_pa + region.offset;
		bool buffer = region.flags & YOKE_CONTROL_BUFFER;

		/* The core declares `da` coherent memory for buffers, so it has to be the pa. */
		entry = rproc_mem_entry_init(core->dev,
					     buffer ? NULL : core->memory + region.offset, pa,
					     region.size, buffer ? pa : region.da, NULL, NULL,
					     "%s", region.name);
		if (!entry)
			return -ENOMEM;
		rproc_add_carveout(rproc, entry);
		if (region.flags & YOKE_CONTROL_DUMP) {
			status = rproc_coredump_add_segment(rproc, region.da, region.size);
			if (status)
				return status;
		}
	}
	rproc_coredump_set_elf_info(rproc, core->control->elf_class, core->control->elf_machine);
	return 0;
}

/* Where the loaded table lies, for who attaches after us: the core itself keeps no address. */
static void yoke_note_table(struct yoke_core *core)
{
	struct yoke_control_region region;
	void *table = core->rproc->table_ptr;
	int i;

	for (i = 0; yoke_region(core, i, &region); i++) {
		void *start = core->memory + region.offset;

		if (table >= start && table < start + region.size) {
			core->control->table_da = region.da + (table - start);
			core->control->table_size = core->rproc->table_sz;
			return;
		}
	}
	core->control->table_size = 0;
}

static int yoke_start(struct rproc *rproc)
{
	struct yoke_core *core = core_of(rproc);

	yoke_note_table(core);
	core->control->entry = rproc->bootaddr;
	return yoke_command(core, YOKE_COMMAND_START);
}

static int yoke_stop(struct rproc *rproc)
{
	return yoke_command(core_of(rproc), YOKE_COMMAND_STOP);
}

/*
 * The kernel before us may have gone without a word. Firmware sees a reset only when it looks, and
 * soon the status is what it was: so it has to look in between, which the command waits for.
 */
static void yoke_reset_vdevs(struct rproc *rproc)
{
	struct resource_table *table = rproc->table_ptr;
	size_t size = rproc->table_sz;
	u32 i;

	if (!table || struct_size(table, offset, table->num) > size)
		return;
	for (i = 0; i < table->num; i++) {
		struct fw_rsc_hdr *entry = (void *)table + table->offset[i];
		struct fw_rsc_vdev *vdev = (void *)entry->data;

		if (size_add(table->offset[i], sizeof(*entry) + sizeof(*vdev)) <= size &&
		    entry->type == RSC_VDEV)
			WRITE_ONCE(vdev->status, 0);
	}
	wmb();
}

static int yoke_attach(struct rproc *rproc)
{
	yoke_reset_vdevs(rproc);
	return yoke_command(core_of(rproc), YOKE_COMMAND_ATTACH);
}

static int yoke_detach(struct rproc *rproc)
{
	return yoke_command(core_of(rproc), YOKE_COMMAND_DETACH);
}

static struct resource_table *yoke_loaded_table(struct rproc *rproc, size_t *size)
{
	struct yoke_core *core = core_of(rproc);
	u32 da = READ_ONCE(core->control->table_da);
	u32 length = READ_ONCE(core->control->table_size);
	void *table = rproc_da_to_va(rproc, da, length, NULL);

	if (!length || !table)
		return ERR_PTR(-ENOENT);
	*size = length;
	return table;
}

static void yoke_kick(struct rproc *rproc, int id)
{
	struct yoke_core *core = core_of(rproc);
	u32 *kicks;

	if (id < 0 || id >= YOKE_CONTROL_QUEUES)
		return;
	kicks = &core->control->to_core[id];
	WRITE_ONCE(*kicks, READ_ONCE(*kicks) + 1);
	mb(); /* The count, and the ring before it, are there when the doorbell is heard. */
	core->ring(core);
}

static const struct rproc_ops yoke_ops = {
	.prepare = yoke_prepare,
	.start = yoke_start,
	.stop = yoke_stop,
	.attach = yoke_attach,
	.detach = yoke_detach,
	.kick = yoke_kick,
	.get_loaded_rsc_table = yoke_loaded_table,
};

/* ------------------------------------------------------------------------------- coming and going */

static ssize_t kicks_show(struct device *dev, struct device_attribute *attribute, char *text)
{
	struct yoke_core *core = dev_get_drvdata(dev);
	int i, size = 0;

	for (i = 0; i < YOKE_CONTROL_QUEUES; i++) {
		u32 out = READ_ONCE(core->control->to_core[i]);
		u32 in = READ_ONCE(core->control->to_kernel[i]);

		if (out || in)
			size += sysfs_emit_at(text, size, "%d %u %u\n", i, out, in);
	}
	return size;
}
/* Doorbells so far, by notify id: to the core, and from it. */
static DEVICE_ATTR_RO(kicks);

int yoke_core_add(struct yoke_core *core)
{
	struct yoke_control *control = core->control;
	struct rproc *rproc;
	int status, i;

	if (READ_ONCE(control->magic) != YOKE_CONTROL_MAGIC)
		return dev_err_probe(core->dev, -ENODEV, "no coprocessor there\n");
	rproc = devm_rproc_alloc(core->dev, dev_name(core->dev), &yoke_ops, NULL, sizeof(core));
	if (!rproc)
		return -ENOMEM;
	*(struct yoke_core **)rproc->priv = core;
	core->rproc = rproc;
	rproc->auto_boot = false;
	if (READ_ONCE(control->running))
		rproc->state = RPROC_DETACHED;
	for (i = 0; i < YOKE_CONTROL_QUEUES; i++)
		core->seen[i] = READ_ONCE(control->to_kernel[i]);
	core->crashes = READ_ONCE(control->crashes);
	control->memory_pa = core->memory_pa;
	init_completion(&core->done);
	INIT_WORK(&core->rang, yoke_core_work);
	core->queue = alloc_ordered_workqueue("%s", WQ_HIGHPRI, dev_name(core->dev));
	if (!core->queue)
		return -ENOMEM;
	dev_set_drvdata(core->dev, core);
	status = device_create_file(core->dev, &dev_attr_kicks);
	if (status)
		goto no_file;
	status = rproc_add(rproc);
	if (status)
		goto no_rproc;
	return 0;

no_rproc:
	device_remove_file(core->dev, &dev_attr_kicks);
no_file:
	destroy_workqueue(core->queue);
	return status;
}

void yoke_core_remove(struct yoke_core *core)
{
	yoke_core_shutdown(core);
	rproc_del(core->rproc);
	device_remove_file(core->dev, &dev_attr_kicks);
	destroy_workqueue(core->queue);
}

void yoke_core_shutdown(struct yoke_core *core)
{
	if (core->rproc->state == RPROC_ATTACHED)
		rproc_detach(core->rproc);
	else if (core->rproc->state == RPROC_RUNNING || core->rproc->state == RPROC_CRASHED)
		rproc_shutdown(core->rproc);
}
