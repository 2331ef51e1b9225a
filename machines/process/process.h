// SPDX-License-Identifier: BSD-3-Clause
/// \file process.h
/// The process machine: firmware for the host's own processor runs as a child process.
///
/// Device memory is an unnamed shared memory file: nothing of it can be left behind. The child maps
/// it at the device addresses of firmware/boards/process/memory.h and jumps to the entry. Its
/// doorbells are two words in a control page that both sides map; a futex wakes the child, an
/// eventfd wakes the host. The child dies with the thread that started it.
///
/// The child has one descriptor, its doorbell, and the system calls that it needs for it: firmware
/// can reach its own memory and nothing else, as on a chip. See confine.c.
#ifndef MACHINE_PROCESS_H
#define MACHINE_PROCESS_H

#include <yoke/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The processor that this machine has: the host's.
extern const struct yoke_elf_target yoke_process_target;

/// The map, without memory behind it: for plans.
extern const struct yoke_region yoke_process_map[2];

/// Makes a machine with zeroed memory. Returns NULL if there is no memory or descriptor for it, and
/// `error`, of `size` bytes, says what failed.
struct yoke_machine *yoke_process_open(char *error, size_t size);

/// Memory of the host's own that its core sees too, as cores of one chip see the same DRAM: what
/// descriptors hold are physical addresses in it.
struct yoke_process_ddr {
    int fd;        ///< A shared memory file; borrowed while the machine is open.
    uint64_t pa;   ///< The physical address of its first byte.
    uint64_t size; ///< Whole pages, at most BOARD_DDR_SIZE_MAX.
};

/// Gives a machine that does not run such memory: the firmware that is started next sees it.
void yoke_process_set_ddr(struct yoke_machine *machine, const struct yoke_process_ddr *ddr);

/// The file of the machine's memory: its registers' page, then its regions one after another.
int yoke_process_memory_fd(const struct yoke_machine *machine);

/// The above, for who chooses between machines.
extern const struct yoke_machine_kind yoke_process_kind;

#ifdef __cplusplus
}
#endif
#endif
