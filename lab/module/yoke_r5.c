// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives user space what /dev/mem cannot: the doorbell interrupt of a Versal's Cortex-R5, and the
 * memory that it shares, mapped as ordinary uncached memory.
 *
 * The device /dev/yoke-r5:
 *   poll   readable once the doorbell rang since the last read
 *   read   a 64-bit count of the rings since then, as an eventfd gives it; with O_NONBLOCK EAGAIN
 *          if there were none
 *   mmap   the memory, from its first byte on
 *
 * Device tree: a node "yoke,versal-r5" with two ranges, memory and the DMA channel, and the
 * channel's interrupt. See lab/versal-r5.dtso.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/wait.h>

#define DMA_ISR 0x100

struct yoke_r5 {
	struct miscdevice misc;
	struct resource *memory;
	void __iomem *dma;
	wait_queue_head_t wait;
	atomic64_t rings;
};

static struct yoke_r5 *of_file(struct file *file)
{
	return container_of(file->private_data, struct yoke_r5, misc);
}

static irqreturn_t yoke_r5_ring(int irq, void *context)
{
	struct yoke_r5 *r5 = context;
	u32 pending = readl(r5->dma + DMA_ISR);

	if (!pending)
		return IRQ_NONE;
	/* The line falls, then the reader looks: a ring after this raises it again. */
	writel(pending, r5->dma + DMA_ISR);
	atomic64_inc(&r5->rings);
	wake_up_interruptible(&r5->wait);
	return IRQ_HANDLED;
}

static __poll_t yoke_r5_poll(struct file *file, poll_table *table)
{
	struct yoke_r5 *r5 = of_file(file);

	poll_wait(file, &r5->wait, table);
	return atomic64_read(&r5->rings) ? EPOLLIN | EPOLLRDNORM : 0;
}

static ssize_t yoke_r5_read(struct file *file, char __user *to, size_t size, loff_t *offset)
{
	struct yoke_r5 *r5 = of_file(file);
	u64 rings;
	int status;

	if (size < sizeof(rings))
		return -EINVAL;
	while (!(rings = atomic64_xchg(&r5->rings, 0))) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		status = wait_event_interruptible(r5->wait, atomic64_read(&r5->rings));
		if (status)
			return status;
	}
	return copy_to_user(to, &rings, sizeof(rings)) ? -EFAULT : sizeof(rings);
}

static int yoke_r5_mmap(struct file *file, struct vm_area_struct *area)
{
	struct yoke_r5 *r5 = of_file(file);

	area->vm_page_prot = pgprot_writecombine(area->vm_page_prot);
	return vm_iomap_memory(area, r5->memory->start, resource_size(r5->memory));
}

static const struct file_operations yoke_r5_operations = {
	.owner = THIS_MODULE,
	.poll = yoke_r5_poll,
	.read = yoke_r5_read,
	.mmap = yoke_r5_mmap,
	.llseek = no_llseek,
};

static int yoke_r5_probe(struct platform_device *device)
{
	struct yoke_r5 *r5 = devm_kzalloc(&device->dev, sizeof(*r5), GFP_KERNEL);
	struct resource *dma;
	int irq, status;

	if (!r5)
		return -ENOMEM;
	r5->memory = platform_get_resource(device, IORESOURCE_MEM, 0);
	dma = platform_get_resource(device, IORESOURCE_MEM, 1);
	irq = platform_get_irq(device, 0);
	if (!r5->memory || !dma || irq < 0)
		return dev_err_probe(&device->dev, -EINVAL, "two memory ranges and an interrupt\n");
	r5->dma = devm_ioremap(&device->dev, dma->start, resource_size(dma));
	if (!r5->dma)
		return -ENOMEM;
	init_waitqueue_head(&r5->wait);
	status = devm_request_irq(&device->dev, irq, yoke_r5_ring, 0, "yoke-r5", r5);
	if (status)
		return status;
	r5->misc.minor = MISC_DYNAMIC_MINOR;
	r5->misc.name = "yoke-r5";
	r5->misc.fops = &yoke_r5_operations;
	r5->misc.parent = &device->dev;
	platform_set_drvdata(device, r5);
	return misc_register(&r5->misc);
}

static int yoke_r5_remove(struct platform_device *device)
{
	struct yoke_r5 *r5 = platform_get_drvdata(device);

	misc_deregister(&r5->misc);
	return 0;
}

static const struct of_device_id yoke_r5_matches[] = {
	{ .compatible = "yoke,versal-r5" },
	{},
};
MODULE_DEVICE_TABLE(of, yoke_r5_matches);

static struct platform_driver yoke_r5_driver = {
	.probe = yoke_r5_probe,
	.remove = yoke_r5_remove,
	.driver = {
		.name = "yoke-r5",
		.of_match_table = yoke_r5_matches,
		/* An open file must not outlive its device. */
		.suppress_bind_attrs = true,
	},
};
module_platform_driver(yoke_r5_driver);

MODULE_DESCRIPTION("Doorbell and memory of a Versal's Cortex-R5 for user space");
MODULE_LICENSE("GPL");
