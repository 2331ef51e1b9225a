// SPDX-License-Identifier: BSD-3-Clause
// Ten lines outside the tree, against the installed package: as C and as C++.
#include <stdio.h>
#include <yoke/base.h>
#include <yoke/mem.h>

int main(void)
{
    char memory[64];
    const struct yoke_window window = {0x1000, sizeof(memory), memory};
    const struct yoke_mem map = {&window, 1};
    const int inside = yoke_mem_at(&map, 0x1010, 16) == memory + 16;
    const int outside = yoke_mem_at(&map, 0x1030, 17) == NULL;
    printf("%d %d %s\n", inside, outside, yoke_status_text(YOKE_TOO_LONG));
    return 0;
}
