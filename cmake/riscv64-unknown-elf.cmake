# SPDX-License-Identifier: BSD-3-Clause
# RISC-V, 32 and 64 bits, with Debian's gcc-riscv64-unknown-elf, which comes without a C library:
# firmware/freestanding has the one header that is wanted. Boards say -march and -mabi.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_C_FLAGS_INIT "-isystem ${CMAKE_CURRENT_LIST_DIR}/../firmware/freestanding -mcmodel=medany")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
