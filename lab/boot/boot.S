// SPDX-License-Identifier: BSD-3-Clause
// A boot loader that starts the R5 before Linux: an image in the format of arm64 Linux
// (Documentation/arch/arm64/booting.rst), which carries the R5's firmware and the real kernel.
// Whoever loads this as a kernel enters it as one; it passes the four registers on.
//
// FIRMWARE and KERNEL name the two files. Addresses: firmware/boards/versal-r5/memory.h.
#define R5_MEMORY_SIZE 0x200000
#define RESET_REGISTER 0xff5e0300
#define RESET_RUN 0x16

    .text
head:
    b start
    nop
    .quad 0            // from a 2 MiB boundary: at it
    .quad end - head
    .quad 0xa          // little endian, 4 KiB pages, anywhere
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

start:
    mov x10, #0
    mov x11, #R5_MEMORY_SIZE
1:  str xzr, [x10], #8
    cmp x10, x11
    b.lo 1b
    mov x10, #0
    adr x11, firmware
    adr x12, firmware_end
2:  ldr x13, [x11], #8
    str x13, [x10], #8
    cmp x11, x12
    b.lo 2b
    dsb sy
    ldr x10, =RESET_REGISTER
    mov w11, #RESET_RUN
    str w11, [x10]
    dsb sy
    adrp x10, kernel
    br x10
    .ltorg

    .balign 8
firmware:
    .incbin FIRMWARE
    .balign 8
firmware_end:

    .balign 0x200000
kernel:
    .incbin KERNEL
end:
