// SPDX-License-Identifier: BSD-3-Clause
// Which machine an image is for.
#include <string.h>

#include <yoke/machine.h>

#include "emulator/emulator.h"
#include "process/process.h"
#include "qemu/qemu.h"
#include "versal/versal.h"

#define NOTE_SECTION ".note.yoke.board"
#define NOTE_OWNER "Yoke"
#define NOTE_TYPE 1u

const struct yoke_machine_kind *const yoke_machine_kinds[] = {
    &yoke_process_kind, &yoke_emulator_kind, &yoke_qemu_kind,
    &yoke_qemu_r5_kind, &yoke_versal_kind,   NULL,
};

const struct yoke_machine_kind *yoke_machine_find(const char *name)
{
    for (const struct yoke_machine_kind *const *kind = yoke_machine_kinds; *kind != NULL; kind++) {
        if (strcmp((*kind)->name, name) == 0) {
            return *kind;
        }
    }
    return NULL;
}

// A note: u32 sizes of owner and description, u32 type, then both, each padded to 4 bytes.
void yoke_machine_board(const struct yoke_elf *elf, char *board, size_t size)
{
    struct yoke_section section;
    const size_t head = 12 + 8; // "Yoke", its NUL, and padding

    board[0] = '\0';
    if (yoke_elf_find_section(elf, NOTE_SECTION, &section) != YOKE_OK ||
        section.bytes.size < head || yoke_le32(section.bytes.data) != sizeof NOTE_OWNER ||
        yoke_le32(section.bytes.data + 8) != NOTE_TYPE ||
        memcmp(section.bytes.data + 12, NOTE_OWNER, sizeof NOTE_OWNER) != 0) {
        return;
    }
    const uint32_t length = yoke_le32(section.bytes.data + 4);
    if (length <= section.bytes.size - head && length <= size && length != 0) {
        memcpy(board, section.bytes.data + head, length);
        board[length - 1] = '\0';
    }
}

static bool runs(const struct yoke_machine_kind *kind, const struct yoke_elf *elf,
                 const char *board)
{
    if (board[0] != '\0') {
        return strcmp(kind->board, board) == 0;
    }
    return kind->target->machine == elf->machine && kind->target->elf_class == elf->elf_class;
}

const struct yoke_machine_kind *yoke_machine_for(const struct yoke_elf *elf)
{
    const struct yoke_machine_kind *found = NULL;
    char board[64];
    char why[200];

    yoke_machine_board(elf, board, sizeof board);
    for (const struct yoke_machine_kind *const *kind = yoke_machine_kinds; *kind != NULL; kind++) {
        if (!runs(*kind, elf, board)) {
            continue;
        }
        if ((*kind)->here(why, sizeof why)) {
            return *kind;
        }
        if (found == NULL) {
            found = *kind; // Opening it will say what is missing.
        }
    }
    return found;
}
