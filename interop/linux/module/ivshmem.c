// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remoteproc driver for QEMU's ivshmem-doorbell device: the coprocessor is a process of the host's,
 * which is peer 0. BAR 2 is a page of registers (control.h), then its memory; it survives the virtual
 * machine, as a chip's memory survives the reboot of its main processor. The doorbell is a register
 * in BAR 0, and comes back as an MSI-X interrupt.
 */
#include "common.h"

#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>

#define YOKE_IVSHMEM_NAME "yoke-ivshmem"
#define YOKE_IVSHMEM_DEVICE 0x1110
#define YOKE_IVSHMEM_REGISTERS 0
#define YOKE_IVSHMEM_MEMORY 2
#define YOKE_IVSHMEM_DOORBELL 12
/* To the register: a peer in the upper half, its vector in the lower one. */
#define YOKE_IVSHMEM_HOST 0

struct yoke_ivshmem {
	struct yoke_core core;
	void __iomem *registers;
};

static struct yoke_ivshmem *ivshmem_of(struct yoke_core *core)
{
	return container_of(core, struct yoke_ivshmem, core);
}

static void yoke_ivshmem_ring(struct yoke_core *core)
{
	writel(YOKE_IVSHMEM_HOST, ivshmem_of(core)->registers + YOKE_IVSHMEM_DOORBELL);
}

static irqreturn_t yoke_ivshmem_interrupt(int irq, void *context)
{
	yoke_core_rang(context);
	return IRQ_HANDLED;
}

static int yoke_ivshmem_map(struct pci_dev *pci, struct yoke_ivshmem *ivshmem)
{
	resource_size_t start = pci_resource_start(pci, YOKE_IVSHMEM_MEMORY);
	resource_size_t size = pci_resource_len(pci, YOKE_IVSHMEM_MEMORY);
	void *memory;
	int status;

	status = pcim_iomap_regions(pci, BIT(YOKE_IVSHMEM_REGISTERS), YOKE_IVSHMEM_NAME);
	if (status)
		return status;
	if (size < YOKE_CONTROL_SIZE)
		return dev_err_probe(&pci->dev, -ENODEV, "no memory in BAR 2\n");
	if (!devm_request_mem_region(&pci->dev, start, size, YOKE_IVSHMEM_NAME))
		return -EBUSY;
	memory = devm_memremap(&pci->dev, start, size, MEMREMAP_WC);
	if (IS_ERR(memory))
		return PTR_ERR(memory);
	ivshmem->registers = pcim_iomap_table(pci)[YOKE_IVSHMEM_REGISTERS];
	ivshmem->core.control = memory;
	ivshmem->core.memory = memory + YOKE_CONTROL_SIZE;
	ivshmem->core.memory_pa = start + YOKE_CONTROL_SIZE;
	return 0;
}

static int yoke_ivshmem_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct yoke_ivshmem *ivshmem = devm_kzalloc(&pci->dev, sizeof(*ivshmem), GFP_KERNEL);
	struct yoke_core *core;
	int status;

	if (!ivshmem)
		return -ENOMEM;
	core = &ivshmem->core;
	core->dev = &pci->dev;
	core->ring = yoke_ivshmem_ring;
	status = pcim_enable_device(pci);
	if (status)
		return status;
	status = yoke_ivshmem_map(pci, ivshmem);
	if (status)
		return status;
	pci_set_master(pci); /* Interrupts are messages. */
	status = pci_alloc_irq_vectors(pci, 1, 1, PCI_IRQ_MSIX);
	if (status < 0)
		return dev_err_probe(&pci->dev, status, "no MSI-X interrupt\n");
	status = yoke_core_add(core);
	if (status)
		goto no_core;
	status = request_irq(pci_irq_vector(pci, 0), yoke_ivshmem_interrupt, 0,
			     dev_name(&pci->dev), core);
	if (status)
		goto no_irq;
	yoke_core_rang(core); /* It may have, before there was somebody to hear it. */
	return 0;

no_irq:
	yoke_core_remove(core);
no_core:
	pci_free_irq_vectors(pci);
	return status;
}

static void yoke_ivshmem_remove(struct pci_dev *pci)
{
	struct yoke_core *core = pci_get_drvdata(pci);

	yoke_core_shutdown(core);
	free_irq(pci_irq_vector(pci, 0), core);
	yoke_core_remove(core);
	pci_free_irq_vectors(pci);
}

static void yoke_ivshmem_shutdown(struct pci_dev *pci)
{
	yoke_core_shutdown(pci_get_drvdata(pci));
}

static const struct pci_device_id yoke_ivshmem_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT_QUMRANET, YOKE_IVSHMEM_DEVICE) },
	{}
};
MODULE_DEVICE_TABLE(pci, yoke_ivshmem_ids);

static struct pci_driver yoke_ivshmem_driver = {
	.name = YOKE_IVSHMEM_NAME,
	.id_table = yoke_ivshmem_ids,
	.probe = yoke_ivshmem_probe,
	.remove = yoke_ivshmem_remove,
	.shutdown = yoke_ivshmem_shutdown,
};
module_pci_driver(yoke_ivshmem_driver);

MODULE_DESCRIPTION("Yoke coprocessors behind QEMU's ivshmem-doorbell");
MODULE_LICENSE("GPL");
