// SPDX-License-Identifier: BSD-3-Clause
// Board `process`: start-up, memory maps, doorbells. The only file of firmware that makes system
// calls: futex to sleep, write to wake the host, exit_group.
#include <board.h>

#include "memory.h"

#define CONTROL ((struct board_control *)BOARD_CONTROL_DA)

#if defined(__x86_64__)
#define SYS_WRITE 1
#define SYS_FUTEX 202
#define SYS_EXIT_GROUP 231

__asm__(".section .text.start, \"ax\"\n"
        ".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "    mov $board_stack_top, %esp\n"
        "    xor %ebp, %ebp\n"
        "    call board_start\n"
        ".size _start, . - _start\n"
        ".text\n");

static long system_call(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
#define SYS_WRITE 64
#define SYS_FUTEX 98
#define SYS_EXIT_GROUP 94

__asm__(".section .text.start, \"ax\"\n"
        ".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "    ldr x0, =board_stack_top\n"
        "    mov sp, x0\n"
        "    mov x29, xzr\n"
        "    mov x30, xzr\n"
        "    bl board_start\n"
        ".ltorg\n"
        ".size _start, . - _start\n"
        ".text\n");

static long system_call(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;

    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
#else
#error "board process: no start-up code and system calls for this processor yet"
#endif

#define FUTEX_WAIT 0

/// Where _start goes once there is a stack.
_Noreturn void board_start(void);

static void notify(void *context, uint32_t notify_id)
{
    struct board_bells *const bells = &CONTROL->to_host;
    const uint64_t one = 1;

    (void)context;
    // Set, then look whether the host sleeps. Partner: process_arm() in machines/process.
    __atomic_fetch_or(&bells->rung, UINT32_C(1) << (notify_id % 32), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&bells->asleep, __ATOMIC_SEQ_CST) != 0) {
        (void)system_call(SYS_WRITE, BOARD_HOST_FD, (long)&one, sizeof one, 0);
    }
}

void board_wait(void)
{
    struct board_bells *const bells = &CONTROL->to_firmware;

    if (__atomic_exchange_n(&bells->rung, 0, __ATOMIC_SEQ_CST) != 0) {
        return;
    }
    // Say so, then look again: the futex does, and sleeps only while no bell is rung.
    // Partner: process_notify() in machines/process.
    __atomic_store_n(&bells->asleep, 1, __ATOMIC_SEQ_CST);
    (void)system_call(SYS_FUTEX, (long)&bells->rung, FUTEX_WAIT, 0, 0);
    __atomic_store_n(&bells->asleep, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&bells->rung, 0, __ATOMIC_SEQ_CST);
}

void board_exit(int code)
{
    for (;;) {
        (void)system_call(SYS_EXIT_GROUP, code, 0, 0, 0);
    }
}

const struct yoke_port board_port = {.notify = notify};

static const struct yoke_window da_windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
    {BOARD_IMAGE_DA, BOARD_IMAGE_SIZE, (void *)BOARD_IMAGE_DA},
};

static struct yoke_window pa_windows[] = {
    {BOARD_SHARED_DA + BOARD_PA_OFFSET, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
    {BOARD_IMAGE_DA + BOARD_PA_OFFSET, BOARD_IMAGE_SIZE, (void *)BOARD_IMAGE_DA},
    {UINT64_MAX, 0, (void *)BOARD_DDR_DA}, // See board_start().
};

const struct yoke_mem board_da = {da_windows, 2};
const struct yoke_mem board_pa = {pa_windows, 3};

void board_start(void)
{
    if (CONTROL->ddr.size != 0) {
        pa_windows[2].address = CONTROL->ddr.pa;
        pa_windows[2].size = CONTROL->ddr.size;
    }
    board_exit(main());
}
