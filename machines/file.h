// SPDX-License-Identifier: BSD-3-Clause
/// \file file.h
/// A whole file in memory.
#ifndef YOKE_FILE_H
#define YOKE_FILE_H

#include <yoke/base.h>

/// Reads a regular file of at most 256 MiB. Returns 0, or an errno and leaves `bytes`.
int yoke_file_read(const char *path, struct yoke_bytes *bytes);

/// Frees what yoke_file_read() gave.
void yoke_file_free(struct yoke_bytes *bytes);

#endif
