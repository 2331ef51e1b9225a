// SPDX-License-Identifier: BSD-3-Clause
/// \file emulator.h
/// The emulator machine: firmware of board mps2-an521 on a Cortex-M33 inside this process, by the
/// Unicorn library, on memory shared by pointer.
///
/// Two kinds. One runs free, in a thread of its own, for hosts. The other is an instrument: its
/// core moves only inside yoke_emulator_run(), counts every instruction, and can be stopped at any
/// of them, looked at, saved and put back; the same input gives the same run, always.
///
/// The core has what the firmware uses: image and shared memory, crash record, UART1, WFI, and the
/// registers of NVIC and SCB as far as they are needed. It takes no exceptions: an access to
/// anything else, an invalid instruction or a stack beyond MSPLIM kills it, and the machine writes
/// the crash record that the firmware's own handler would have written. Not emulated: memory
/// protection inside the image, traps on division and alignment, time. Of a core that runs free,
/// the record's pc is the start of the basic block that faulted; of a stepped one, the instruction.
#ifndef MACHINE_EMULATOR_H
#define MACHINE_EMULATOR_H

#include <yoke/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Runs free. In the list of kinds.
extern const struct yoke_machine_kind yoke_emulator_kind;

/// Runs only inside yoke_emulator_run(). What follows is for machines of this kind, which one
/// thread owns.
extern const struct yoke_machine_kind yoke_emulator_stepped_kind;

/// Bytes of a machine's memory: the image, shared memory, the page of the crash record.
size_t yoke_emulator_bytes(void);

/// Makes a machine that runs free on memory of the caller's: yoke_emulator_bytes(), from a page's
/// start, which others may see too. It stays as it is when the machine is closed; until then it
/// must not go away. Returns NULL, and `error`, of `size` bytes, says what failed.
struct yoke_machine *yoke_emulator_open_on(void *memory, char *error, size_t size);

/// Tells the firmware at which physical address its host has the shared memory: what descriptors
/// hold. The firmware looks when it starts and when it is rung. Without this: where it has it
/// itself.
void yoke_emulator_set_pa(struct yoke_machine *machine, uint64_t pa);

/// Rings the core of a machine that runs free, and waits until it has looked and sleeps again.
/// Returns YOKE_OK, or YOKE_AGAIN if it does not within a tenth of a second.
int yoke_emulator_settle(struct yoke_machine *machine);

/// Why a run ended.
enum yoke_emulator_stop {
    YOKE_EMULATOR_LIMIT,      ///< As many instructions as asked for.
    YOKE_EMULATOR_BREAKPOINT, ///< Before an instruction with a breakpoint.
    YOKE_EMULATOR_SLEEPS,     ///< The core waits for a doorbell.
    YOKE_EMULATOR_DEAD,       ///< It faulted or ended, or was not started: see crashed().
    YOKE_EMULATOR_HALTED,     ///< By another thread; not seen by users.
};

/// Runs that many instructions: fewer, if something else stops it before; up to 4 more, and they
/// are counted, rather than stop inside a block of conditional instructions (IT).
///
/// An instruction that faults is not counted, one whose condition does not hold is. WFI is one.
enum yoke_emulator_stop yoke_emulator_run(struct yoke_machine *machine, uint64_t instructions);

/// Instructions since the core was started; a snapshot brings its own count back.
uint64_t yoke_emulator_executed(const struct yoke_machine *machine);

/// The most breakpoints at a time.
#define YOKE_EMULATOR_BREAKPOINTS 16u

/// Stops runs before the instruction at an address; among conditional ones, behind them. Goes on
/// from there without stopping again.
/// Returns YOKE_OK or YOKE_NO_SPACE.
int yoke_emulator_break(struct yoke_machine *machine, uint64_t address);

/// Takes all breakpoints away.
void yoke_emulator_unbreak(struct yoke_machine *machine);

/// Registers by their number: 0 to 12, then these.
#define YOKE_EMULATOR_SP 13u
#define YOKE_EMULATOR_LR 14u
#define YOKE_EMULATOR_PC 15u ///< Without the Thumb bit.
#define YOKE_EMULATOR_PSR 16u

/// Reads a register; 0 for a number that there is not, and before the first start.
uint32_t yoke_emulator_register(const struct yoke_machine *machine, uint32_t number);

/// Writes a register.
void yoke_emulator_set_register(struct yoke_machine *machine, uint32_t number, uint32_t value);

/// Everything that makes the machine what it is now: registers, memory, doorbells on their way.
struct yoke_emulator_snapshot;

/// Saves. Cost: a copy of the pages that are not zero. Returns NULL if there is no memory, or the
/// core was not started. Freed by yoke_emulator_forget().
struct yoke_emulator_snapshot *yoke_emulator_save(const struct yoke_machine *machine);

/// Puts everything back as it was saved; any number of times, on the machine that it was saved
/// from, as long as that has not been started anew: returns YOKE_INVALID then, and changes nothing.
int yoke_emulator_restore(struct yoke_machine *machine,
                          const struct yoke_emulator_snapshot *snapshot);

/// Frees a snapshot; NULL is allowed.
void yoke_emulator_forget(struct yoke_emulator_snapshot *snapshot);

#ifdef __cplusplus
}
#endif
#endif
