// SPDX-License-Identifier: BSD-3-Clause
// App `big` under a name that Linux knows: tables of both versions, and buffers of sizes of which
// Linux knows nothing.
#define BIG_SERVICE "rpmsg-raw"
#include "../../../firmware/apps/big.c"
