// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remoteproc driver for User-Mode Linux: the coprocessor is a process of the host's. Its memory is
 * UML's I/O memory (iomem=yoke0,FILE), its registers are iomem=yoke0-control,FILE, and its doorbell
 * is a byte on a UNIX socket, whose path those registers hold. Up to eight: yoke0 to yoke7.
 *
 * I/O memory of UML is ordinary memory of the host's, and survives UML: as reserved memory survives
 * the reboot of a chip's main processor.
 */
#include "common.h"

#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include <irq_kern.h>
#include <irq_user.h>
#include <mem_user.h>
#include <os.h>

#define YOKE_UML_MAX 8
#define YOKE_UML_NAME "yoke-uml"

struct yoke_uml {
	struct yoke_core core;
	int socket;
	int irq;
	bool lost;
};

static struct platform_device *yoke_uml_devices[YOKE_UML_MAX];

static struct yoke_uml *uml_of(struct yoke_core *core)
{
	return container_of(core, struct yoke_uml, core);
}

static void yoke_uml_ring(struct yoke_core *core)
{
	char byte = 0;

	/* A full socket is a doorbell that rings already. */
	os_write_file(uml_of(core)->socket, &byte, 1);
}

static irqreturn_t yoke_uml_interrupt(int irq, void *context)
{
	struct yoke_uml *uml = context;
	char bytes[64];
	int got;

	do {
		got = os_read_file(uml->socket, bytes, sizeof(bytes));
	} while (got == sizeof(bytes));
	if (got == 0 && !uml->lost) {
		uml->lost = true;
		dev_err(uml->core.dev, "the coprocessor's host has gone\n");
		deactivate_fd(uml->socket, irq);
	}
	yoke_core_rang(&uml->core);
	return IRQ_HANDLED;
}

static int yoke_uml_connect(struct yoke_uml *uml)
{
	char path[sizeof(uml->core.control->link)];

	memcpy(path, uml->core.control->link, sizeof(path));
	path[sizeof(path) - 1] = '\0';
	uml->socket = os_connect_socket(path);
	if (uml->socket < 0)
		return dev_err_probe(uml->core.dev, uml->socket, "no socket %s\n", path);
	os_set_fd_block(uml->socket, 0);
	return 0;
}

static int yoke_uml_probe(struct platform_device *device)
{
	struct yoke_uml *uml = devm_kzalloc(&device->dev, sizeof(*uml), GFP_KERNEL);
	char name[24];
	unsigned long size, va;
	int status;

	if (!uml)
		return -ENOMEM;
	uml->core.dev = &device->dev;
	uml->core.ring = yoke_uml_ring;
	snprintf(name, sizeof(name), "yoke%d-control", device->id);
	uml->core.control = (struct yoke_control *)find_iomem(name, &size);
	snprintf(name, sizeof(name), "yoke%d", device->id);
	va = find_iomem(name, &size);
	if (!uml->core.control || !va)
		return -ENODEV;
	uml->core.memory = (void *)va;
	uml->core.memory_pa = __pa(va);
	/* The device is like one of a chip: it reaches all of memory. */
	status = dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64));
	if (status)
		return status;
	status = yoke_uml_connect(uml);
	if (status)
		return status;
	status = yoke_core_add(&uml->core);
	if (status)
		goto no_core;
	uml->irq = um_request_irq(UM_IRQ_ALLOC, uml->socket, IRQ_READ, yoke_uml_interrupt, 0,
				  dev_name(&device->dev), uml);
	if (uml->irq >= 0)
		return 0;
	status = uml->irq;
	yoke_core_remove(&uml->core);
no_core:
	os_close_file(uml->socket);
	return status;
}

static void yoke_uml_remove(struct platform_device *device)
{
	struct yoke_core *core = platform_get_drvdata(device);
	struct yoke_uml *uml = uml_of(core);

	yoke_core_shutdown(core);
	um_free_irq(uml->irq, uml);
	yoke_core_remove(core);
	os_close_file(uml->socket);
}

static void yoke_uml_shutdown(struct platform_device *device)
{
	yoke_core_shutdown(platform_get_drvdata(device));
}

static struct platform_driver yoke_uml_driver = {
	.probe = yoke_uml_probe,
	.remove_new = yoke_uml_remove,
	.shutdown = yoke_uml_shutdown,
	.driver = { .name = YOKE_UML_NAME },
};

static int __init yoke_uml_init(void)
{
	unsigned long size;
	char name[24];
	int i, status;

	status = platform_driver_register(&yoke_uml_driver);
	if (status)
		return status;
	for (i = 0; i < YOKE_UML_MAX; i++) {
		snprintf(name, sizeof(name), "yoke%d", i);
		if (!find_iomem(name, &size))
			continue;
		yoke_uml_devices[i] = platform_device_register_simple(YOKE_UML_NAME, i, NULL, 0);
		if (IS_ERR(yoke_uml_devices[i]))
			yoke_uml_devices[i] = NULL;
	}
	return 0;
}

static void __exit yoke_uml_exit(void)
{
	int i;

	for (i = 0; i < YOKE_UML_MAX; i++)
		platform_device_unregister(yoke_uml_devices[i]);
	platform_driver_unregister(&yoke_uml_driver);
}

module_init(yoke_uml_init);
module_exit(yoke_uml_exit);

MODULE_DESCRIPTION("Yoke coprocessors for User-Mode Linux");
MODULE_LICENSE("GPL");
