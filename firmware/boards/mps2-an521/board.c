// SPDX-License-Identifier: BSD-3-Clause
// Board `mps2-an521`: memory maps, doorbells, protection.
#include <board.h>
#include <board_note.h>

#include <cortex-m/cortex_m.h>

#include "memory.h"

BOARD_NOTE(BOARD_NAME);

#define CONSOLE(offset) CM_REGISTER(BOARD_UART_CONSOLE + (offset))
#define BELLS(offset) CM_REGISTER(BOARD_UART_BELLS + (offset))

// Of the linker script: where code ends and data begins.
extern char board_image_start[];
extern char board_code_end[];

static struct yoke_window pa_windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
};

/// Descriptors hold the host's addresses. Wherever it has the memory, here it is the same.
static void look_where_host_has_it(void)
{
    const uint64_t pa = *(const volatile uint64_t *)BOARD_HOST_PA_DA;

    pa_windows[0].address = pa != 0 ? pa : BOARD_SHARED_DA;
}

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    // A byte that has not left yet is seen after what was stored by now: it rings for this one too,
    // for the host looks at all rings.
    if ((BELLS(BOARD_UART_STATE) & BOARD_UART_TX) == 0) {
        BELLS(BOARD_UART_DATA) = notify_id;
    }
}

void board_wait(void)
{
    // Interrupts are masked: a doorbell makes one pending, which ends the sleep or prevents it.
    cm_wait_for_interrupt();
    BELLS(BOARD_UART_INT) = BOARD_UART_RX;
    cm_clear_interrupt(BOARD_IRQ_BELLS);
    // What comes from here on raises the interrupt again.
    while ((BELLS(BOARD_UART_STATE) & BOARD_UART_RX) != 0) {
        (void)BELLS(BOARD_UART_DATA);
    }
    look_where_host_has_it();
}

void cm_board_start(void)
{
    char *const ram = (char *)BOARD_RAM_DA;
    char *const registers = (char *)0x50000000;

    cm_mpu_allow(0, board_image_start, board_code_end, CM_MPU_CODE, CM_MPU_NORMAL);
    cm_mpu_allow(1, board_code_end, ram + BOARD_RAM_SIZE, CM_MPU_DATA, CM_MPU_NORMAL);
    cm_mpu_allow(2, registers, registers + 0x10000000, CM_MPU_DATA, CM_MPU_DEVICE);
    cm_mpu_enable();

    CONSOLE(BOARD_UART_BAUDDIV) = 16; // The fastest.
    CONSOLE(BOARD_UART_CTRL) = BOARD_UART_TX;
    BELLS(BOARD_UART_BAUDDIV) = 16;
    BELLS(BOARD_UART_CTRL) = BOARD_UART_TX | BOARD_UART_RX | BOARD_UART_CTRL_RX_INT;
    // What came before is dropped. For QEMU this is also the sign that it may deliver the next
    // byte.
    (void)BELLS(BOARD_UART_DATA);
    cm_enable_interrupt(BOARD_IRQ_BELLS);
    look_where_host_has_it();
}

struct yoke_crash *const cm_board_crash_record = (struct yoke_crash *)BOARD_CRASH_DA;

static void print(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((CONSOLE(BOARD_UART_STATE) & BOARD_UART_TX) != 0) {
        }
        CONSOLE(BOARD_UART_DATA) = (uint8_t)*text;
    }
}

void cm_board_crashed(void)
{
    print("halted; the crash record says why\n");
    while ((BELLS(BOARD_UART_STATE) & BOARD_UART_TX) != 0) {
    }
    BELLS(BOARD_UART_DATA) = BOARD_BELL_DEAD;
    for (;;) {
        cm_wait_for_interrupt();
    }
}

void board_exit(int code)
{
    cm_record_exit(code);
    cm_board_crashed();
}

const struct yoke_port board_port = {.notify = notify};

static const struct yoke_window da_windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
};

const struct yoke_mem board_da = {da_windows, 1};
const struct yoke_mem board_pa = {pa_windows, 1};
