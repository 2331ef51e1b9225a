// SPDX-License-Identifier: BSD-3-Clause
// Linked by test_table2.py, at addresses of its choice; never run.
#include "app_table.h"

DEFINE(app, APP_TABLE);

int main(void);

int main(void)
{
    return app_level;
}
