// SPDX-License-Identifier: BSD-3-Clause
// Preloaded into User-Mode Linux: its physical memory is the file that YOKE_DDR_FD names, instead
// of a temporary one. So the coprocessor sees that memory, and it stays where it is when the kernel
// is rebooted, as a chip's does.
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_file(const char *path, int flags, va_list arguments)
{
    const char *const fd = getenv("YOKE_DDR_FD");

    if ((flags & O_TMPFILE) == O_TMPFILE && fd != NULL) {
        return dup(atoi(fd));
    }
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    const int fd = open_file(path, flags, arguments);
    va_end(arguments);
    return fd;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
