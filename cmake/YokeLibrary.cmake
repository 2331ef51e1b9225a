# SPDX-License-Identifier: BSD-3-Clause
# yoke_add_library(NAME [DEFINE...]): a static library of all of src/, freestanding. The installed
# library, the variants that tests want, and what firmware links are all made with it.
#
# -fbuiltin: src/ calls memcpy, memset and memcmp, which every C library and firmware has; small ones
# become a few instructions in place. That is a fifth of a round trip.

file(GLOB YOKE_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/*.c)

function(yoke_add_library name)
    add_library(${name} STATIC ${YOKE_SOURCES})
    target_compile_features(${name} PUBLIC c_std_11)
    target_compile_options(${name} PRIVATE
        -Wall -Wextra -Wconversion -Wshadow
        -ffreestanding -fbuiltin -ffunction-sections -fdata-sections)
    target_compile_definitions(${name} PRIVATE ${ARGN})
    target_include_directories(${name}
        PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
        PRIVATE ${PROJECT_SOURCE_DIR}/src)
endfunction()
