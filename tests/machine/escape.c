// SPDX-License-Identifier: BSD-3-Clause
// Firmware for board process that tries to reach out of it: by a system call that is not its own.
#include <board.h>
#include <yoke/table.h>

#define ESCAPE_TABLE(ENTRY) ENTRY(RPMSG, rpmsg, 16)
YOKE_TABLE(table, ESCAPE_TABLE);

/// kill(1, 0): harms nobody, were it allowed; as forbidden as any other.
static __attribute__((noinline)) void reach_out(void)
{
#if defined(__x86_64__)
    long result = 62;
    __asm__ volatile("syscall" : "+a"(result) : "D"(1L), "S"(0L) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = 129;
    register long pid __asm__("x0") = 1;
    register long signal __asm__("x1") = 0;
    __asm__ volatile("svc 0" : "+r"(pid) : "r"(number), "r"(signal) : "memory");
#endif
}

int main(void)
{
    reach_out();
    return 7;
}
