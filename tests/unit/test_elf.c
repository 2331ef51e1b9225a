// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image_builder.h"
#include "refused.h"

#include <yoke/image.h>

static const struct yoke_elf_target arm = {YOKE_EM_ARM, YOKE_ELF_CLASS32};
static const struct yoke_elf_target x86 = {YOKE_EM_X86_64, YOKE_ELF_CLASS64};

static struct image image;
static struct table table;
static struct yoke_elf elf;
static struct yoke_refusal refusal;

static const struct yoke_elf_target *target_of(int elf_class)
{
    return elf_class == 1 ? &arm : &x86;
}

static void build(int elf_class)
{
    firmware_table(&table);
    firmware_build(&image, elf_class, target_of(elf_class)->machine, &table);
}

static int open_image(void)
{
    return yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), target_of(image.elf_class), 1,
                         &refusal);
}

static void opens_a_firmware_of_either_class(void **state)
{
    (void)state;
    for (int elf_class = 1; elf_class <= 2; elf_class++) {
        struct yoke_segment segment;
        struct yoke_section section;

        build(elf_class);
        assert_int_equal(open_image(), YOKE_OK);
        assert_int_equal(elf.elf_class, elf_class);
        assert_int_equal(elf.machine, elf_class == 1 ? 40 : 62);
        assert_int_equal(elf.entry, FW_TEXT + 0x10);
        assert_int_equal(elf.segment_count, 2);
        assert_int_equal(elf.section_count, 8);

        assert_int_equal(yoke_elf_segment(&elf, 1, &segment, &refusal), YOKE_OK);
        assert_int_equal(segment.type, YOKE_PT_LOAD);
        assert_int_equal(segment.flags, YOKE_PF_R | YOKE_PF_W);
        assert_int_equal(segment.paddr, FW_DATA);
        assert_int_equal(segment.vaddr, FW_DATA);
        assert_int_equal(segment.filesz, FW_DATA_SIZE);
        assert_int_equal(segment.memsz, FW_DATA_MEMSZ);
        assert_int_equal(segment.align, 8);
        assert_int_equal(segment.bytes.size, FW_DATA_SIZE);
        assert_int_equal(segment.bytes.data[0], 0xda);
        assert_memory_equal(segment.bytes.data + 0x40, table.bytes, table.size);
        assert_int_equal(yoke_elf_segment(&elf, 2, &segment, &refusal), YOKE_NOT_FOUND);

        assert_int_equal(yoke_elf_find_section(&elf, ".resource_table", &section), YOKE_OK);
        assert_string_equal(section.name, ".resource_table");
        assert_int_equal(section.addr, FW_TABLE);
        assert_int_equal(section.size, table.size);
        assert_memory_equal(section.bytes.data, table.bytes, table.size);
        assert_int_equal(yoke_elf_find_section(&elf, ".bss", &section), YOKE_OK);
        assert_int_equal(section.type, YOKE_SHT_NOBITS);
        assert_int_equal(section.size, FW_DATA_MEMSZ - FW_DATA_SIZE);
        assert_int_equal(section.bytes.size, 0);
        assert_int_equal(yoke_elf_find_section(&elf, ".resource", &section), YOKE_NOT_FOUND);
        assert_int_equal(yoke_elf_find_section(&elf, "", &section), YOKE_NOT_FOUND);
        assert_int_equal(yoke_elf_section(&elf, 8, &section, &refusal), YOKE_NOT_FOUND);
    }
}

static void opens_bytes_at_any_alignment(void **state)
{
    static uint8_t copy[IMAGE_MAX + 8];

    (void)state;
    for (int elf_class = 1; elf_class <= 2; elf_class++) {
        build(elf_class);
        for (size_t shift = 0; shift < 8; shift++) {
            memcpy(copy + shift, image.bytes, image.size);
            assert_int_equal(yoke_elf_open(&elf, yoke_bytes(copy + shift, image.size),
                                           target_of(elf_class), 1, &refusal),
                             YOKE_OK);
            assert_int_equal(elf.entry, FW_TEXT + 0x10);
        }
    }
}

static void refuses_what_is_not_an_elf(void **state)
{
    static const char text[] = "#!/bin/sh\nexit 0\n";

    (void)state;
    assert_refused(yoke_elf_open(&elf, yoke_bytes(text, sizeof(text)), NULL, 0, &refusal), &refusal,
                   "ELF header: EI_MAG 0x622f2123 must be 0x464c457f");
    assert_refused(yoke_elf_open(&elf, yoke_bytes(NULL, 0), NULL, 0, &refusal), &refusal,
                   "ELF file: size 0 must be at least 16");
}

static void refuses_a_file_cut_at_any_byte(void **state)
{
    (void)state;
    for (int elf_class = 1; elf_class <= 2; elf_class++) {
        build(elf_class);
        for (size_t size = 0; size < image.size; size++) {
            // A block of its own, so that the address sanitizer sees each byte beyond the cut.
            uint8_t *cut = malloc(size + 1);
            char line[160];

            memcpy(cut, image.bytes, size);
            cut = realloc(cut, size == 0 ? 1 : size);
            memset(&refusal, 0, sizeof(refusal));
            assert_int_equal(
                yoke_elf_open(&elf, yoke_bytes(cut, size), target_of(elf_class), 1, &refusal),
                YOKE_BAD_IMAGE);
            assert_non_null(refusal.part);
            assert_true(yoke_refusal_text(&refusal, line, sizeof(line)) < sizeof(line));
            free(cut);
        }
        image.size -= 1;
        assert_refused(open_image(), &refusal,
                       elf_class == 1 ? "ELF header: e_shoff 0x6a0 must leave room for e_shnum "
                                        "headers in the file, whose size is 0x7df"
                                      : "ELF header: e_shoff 0x728 must leave room for e_shnum "
                                        "headers in the file, whose size is 0x927");
        image.size = elf_class == 1 ? 51 : 63;
        assert_refused(open_image(), &refusal,
                       elf_class == 1 ? "ELF file: size 51 must be at least 52"
                                      : "ELF file: size 63 must be at least 64");
    }
}

/// A field, a wrong value for 32 and for 64 bits, what is said of it in each.
struct wrong {
    enum image_field field;
    unsigned index;
    uint64_t value32, value64;
    const char *text32, *text64; ///< text64 NULL: the same text.
};

static void refuses_each(const struct wrong *cases, size_t count)
{
    for (int elf_class = 1; elf_class <= 2; elf_class++) {
        for (size_t i = 0; i < count; i++) {
            const struct wrong *c = &cases[i];
            build(elf_class);
            image_set(&image, c->field, c->index, elf_class == 1 ? c->value32 : c->value64);
            assert_refused(open_image(), &refusal,
                           elf_class == 1 || c->text64 == NULL ? c->text32 : c->text64);
        }
    }
}
#define REFUSES_EACH(cases) refuses_each(cases, sizeof(cases) / sizeof((cases)[0]))

static void refuses_a_wrong_identification(void **state)
{
    static const struct wrong cases[] = {
        {EI_CLASS, 0, 0, 0, "ELF header: EI_CLASS 0 must be 1 (32 bits) or 2 (64 bits)", NULL},
        {EI_CLASS, 0, 3, 3, "ELF header: EI_CLASS 3 must be 1 (32 bits) or 2 (64 bits)", NULL},
        {EI_DATA, 0, 2, 2, "ELF header: EI_DATA 2 must be 1", NULL},
        {EI_VERSION, 0, 0, 0, "ELF header: EI_VERSION 0 must be 1", NULL},
        {E_TYPE, 0, 3, 3, "ELF header: e_type 3 must, for an executable at fixed addresses, be 2",
         NULL},
        {E_VERSION, 0, 2, 2, "ELF header: e_version 2 must be 1", NULL},
        {E_EHSIZE, 0, 51, 65, "ELF header: e_ehsize 51 must be 52",
         "ELF header: e_ehsize 65 must be 64"},
        {E_MACHINE, 0, 8, 8, "ELF header: e_machine 8 must be 40",
         "ELF header: e_machine 8 must be 62"},
    };

    (void)state;
    REFUSES_EACH(cases);
}

static void refuses_a_class_or_machine_that_the_caller_does_not_allow(void **state)
{
    const struct yoke_elf_target both[] = {arm, x86};

    (void)state;
    build(1);
    assert_refused(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), &x86, 1, &refusal),
                   &refusal, "ELF header: EI_CLASS 1 must be 2");
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), both, 2, &refusal),
                     YOKE_OK);
    image_set(&image, E_MACHINE, 0, YOKE_EM_X86_64);
    assert_refused(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), both, 2, &refusal),
                   &refusal, "ELF header: e_machine 62 is none that is allowed here");
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
}

static void refuses_wrong_program_headers(void **state)
{
    static const struct wrong cases[] = {
        {E_PHENTSIZE, 0, 31, 32, "ELF header: e_phentsize 31 must be 32",
         "ELF header: e_phentsize 32 must be 56"},
        {E_PHNUM, 0, 0, 0, "ELF header: e_phnum 0 must be 1 to 0xfffe", NULL},
        {E_PHNUM, 0, 0xffff, 0xffff, "ELF header: e_phnum 0xffff must be 1 to 0xfffe", NULL},
        {E_PHNUM, 0, 0xfffe, 0xfffe,
         "ELF header: e_phoff 56 must leave room for e_phnum headers in the file, whose size is "
         "0x7e0",
         "ELF header: e_phoff 64 must leave room for e_phnum headers in the file, whose size is "
         "0x928"},
        {E_PHOFF, 0, 0xffffffff, UINT64_MAX,
         "ELF header: e_phoff 0xffffffff must leave room for e_phnum headers in the file, whose "
         "size is 0x7e0",
         "ELF header: e_phoff 0xffffffffffffffff must leave room for e_phnum headers in the file, "
         "whose size is 0x928"},
        {P_OFFSET, 0, 0xffffffff, UINT64_MAX,
         "segment 0: p_offset 0xffffffff must leave room for p_filesz bytes in the file, whose "
         "size is 0x7e0",
         "segment 0: p_offset 0xffffffffffffffff must leave room for p_filesz bytes in the file, "
         "whose size is 0x928"},
        {P_FILESZ, 0, 0xffffffff, UINT64_MAX,
         "segment 0: p_offset 120 must leave room for p_filesz bytes in the file, whose size is "
         "0x7e0",
         "segment 0: p_offset 176 must leave room for p_filesz bytes in the file, whose size is "
         "0x928"},
        {P_MEMSZ, 1, 0x2ff, 0x2ff, "segment 1: p_filesz 0x300 must not exceed p_memsz, 0x2ff",
         NULL},
        {P_PADDR, 1, 0xfffffa01, 0xfffffffffffffa01,
         "segment 1: p_memsz 0x600 must not wrap round when added to p_paddr, 0xfffffa01",
         "segment 1: p_memsz 0x600 must not wrap round when added to p_paddr, 0xfffffffffffffa01"},
        {P_VADDR, 1, 0xfffffa01, 0xfffffffffffffa01,
         "segment 1: p_memsz 0x600 must not wrap round when added to p_vaddr, 0xfffffa01",
         "segment 1: p_memsz 0x600 must not wrap round when added to p_vaddr, 0xfffffffffffffa01"},
        {P_ALIGN, 0, 3, 3, "segment 0: p_align 3 must be 0 or a power of two", NULL},
    };

    (void)state;
    REFUSES_EACH(cases);
}

static void refuses_wrong_section_headers(void **state)
{
    static const struct wrong cases[] = {
        {E_SHENTSIZE, 0, 41, 40, "ELF header: e_shentsize 41 must be 40",
         "ELF header: e_shentsize 40 must be 64"},
        {E_SHNUM, 0, 0, 0, "ELF header: e_shnum 0 must be 1 to 0xfeff", NULL},
        {E_SHNUM, 0, 0xff00, 0xff00, "ELF header: e_shnum 0xff00 must be 1 to 0xfeff", NULL},
        {E_SHOFF, 0, 0xfffffff0, 0xfffffffffffffff0,
         "ELF header: e_shoff 0xfffffff0 must leave room for e_shnum headers in the file, whose "
         "size is 0x7e0",
         "ELF header: e_shoff 0xfffffffffffffff0 must leave room for e_shnum headers in the file, "
         "whose size is 0x928"},
        {E_SHSTRNDX, 0, 8, 8, "ELF header: e_shstrndx 8 must be less than e_shnum, 8", NULL},
        {E_SHSTRNDX, 0, 0xffff, 0xffff,
         "ELF header: e_shstrndx 0xffff must be less than e_shnum, 8", NULL},
        {E_SHSTRNDX, 0, 1, 1, "section 1: sh_type 1 must, for a string table, be 3", NULL},
        {SH_NAME, 2, 60, 60, "section 2: sh_name 60 must lie inside the names, whose size is 60",
         NULL},
        {SH_NAME, 2, UINT32_MAX, UINT32_MAX,
         "section 2: sh_name 0xffffffff must lie inside the names, whose size is 60", NULL},
        {SH_OFFSET, 1, 0xffffffff, UINT64_MAX,
         "section 1: sh_offset 0xffffffff must leave room for sh_size bytes in the file, whose "
         "size is 0x7e0",
         "section 1: sh_offset 0xffffffffffffffff must leave room for sh_size bytes in the file, "
         "whose size is 0x928"},
        {SH_SIZE, 1, 0xffffffff, UINT64_MAX,
         "section 1: sh_offset 120 must leave room for sh_size bytes in the file, whose size is "
         "0x7e0",
         "section 1: sh_offset 176 must leave room for sh_size bytes in the file, whose size is "
         "0x928"},
        {SH_OFFSET, 7, 0xffffffff, UINT64_MAX,
         "section 7: sh_offset 0xffffffff must leave room for sh_size bytes in the file, whose "
         "size is 0x7e0",
         "section 7: sh_offset 0xffffffffffffffff must leave room for sh_size bytes in the file, "
         "whose size is 0x928"},
        {SH_SIZE, 7, 59, 59, "section 7: sh_size 59 does not end the string table in a NUL", NULL},
        {SH_SIZE, 6, 0, 0, "section 6: sh_size 0 does not end the string table in a NUL", NULL},
        {SH_SIZE, 6, 69, 69, "section 6: sh_size 69 does not end the string table in a NUL", NULL},
        {SH_ENTSIZE, 5, 15, 16, "section 5: sh_entsize 15 must, for a symbol table, be 16",
         "section 5: sh_entsize 16 must, for a symbol table, be 24"},
        {SH_LINK, 5, 8, 8, "section 5: sh_link 8 must be less than e_shnum, 8", NULL},
        {SH_LINK, 5, 1, 1, "section 1: sh_type 1 must, for a string table, be 3", NULL},
    };

    (void)state;
    REFUSES_EACH(cases);
}

static void accepts_a_segment_that_ends_with_the_address_space(void **state)
{
    (void)state;
    for (int elf_class = 1; elf_class <= 2; elf_class++) {
        build(elf_class);
        image_set(&image, P_PADDR, 1, elf_class == 1 ? 0xfffffa00 : 0xfffffffffffffa00);
        assert_int_equal(open_image(), YOKE_OK);
    }
}

static void accepts_an_all_zero_segment_whose_offset_lies_beyond_the_file(void **state)
{
    struct yoke_segment segment;

    (void)state;
    build(1);
    image_set(&image, P_FILESZ, 1, 0);
    image_set(&image, P_OFFSET, 1, 0x10000);
    assert_int_equal(open_image(), YOKE_OK);
    assert_int_equal(yoke_elf_segment(&elf, 1, &segment, &refusal), YOKE_OK);
    assert_int_equal(segment.bytes.size, 0);
    assert_int_equal(segment.memsz, FW_DATA_MEMSZ);
}

static void does_not_judge_addresses_of_segments_that_are_not_loaded(void **state)
{
    (void)state;
    build(2);
    image_set(&image, P_TYPE, 1, 4); // PT_NOTE
    image_set(&image, P_MEMSZ, 1, 0);
    image_set(&image, P_ALIGN, 1, 3);
    assert_int_equal(open_image(), YOKE_OK);
}

static void opens_an_image_without_sections(void **state)
{
    struct yoke_section section;
    const char *name;
    uint64_t offset;

    (void)state;
    build(1);
    image_set(&image, E_SHOFF, 0, 0);
    image_set(&image, E_SHNUM, 0, 0);
    image_set(&image, E_SHENTSIZE, 0, 0);
    image_set(&image, E_SHSTRNDX, 0, 0);
    assert_int_equal(open_image(), YOKE_OK);
    assert_int_equal(yoke_elf_find_section(&elf, ".text", &section), YOKE_NOT_FOUND);
    assert_int_equal(yoke_elf_symbol(&elf, FW_TEXT + 0x80, &name, &offset), YOKE_NOT_FOUND);
}

static void opens_an_image_whose_sections_have_no_names(void **state)
{
    struct yoke_section section;

    (void)state;
    build(1);
    image_set(&image, E_SHSTRNDX, 0, 0);
    assert_int_equal(open_image(), YOKE_OK);
    assert_int_equal(yoke_elf_section(&elf, 1, &section, &refusal), YOKE_OK);
    assert_string_equal(section.name, "");
    assert_int_equal(yoke_elf_find_section(&elf, ".text", &section), YOKE_NOT_FOUND);
}

static void refuses_a_segment_that_changed_after_opening(void **state)
{
    struct yoke_segment segment;
    struct yoke_section section;

    (void)state;
    build(1);
    assert_int_equal(open_image(), YOKE_OK);
    image_set(&image, P_OFFSET, 0, 0xffffffff);
    image_set(&image, SH_OFFSET, 1, 0xffffffff);
    assert_int_equal(yoke_elf_segment(&elf, 0, &segment, &refusal), YOKE_BAD_IMAGE);
    assert_int_equal(yoke_elf_section(&elf, 1, &section, &refusal), YOKE_BAD_IMAGE);
    assert_int_equal(yoke_elf_find_section(&elf, ".text", &section), YOKE_NOT_FOUND);
}

static void finds_the_nearest_symbol(void **state)
{
    static const struct {
        uint64_t address;
        const char *name;
        uint64_t offset;
    } cases[] = {
        {FW_TEXT + 0x10, "reset", 0},       {FW_TEXT + 0x7f, "reset", 0x6f},
        {FW_TEXT + 0x80, "main", 0},        {FW_TEXT + 0x9e, "main", 0x1e},
        {FW_TEXT + 0x1ff, "handler", 0xff}, {FW_DATA + 0x3f, "counter", 0x37},
    };
    static const uint64_t nowhere[] = {
        0,           FW_TEXT - 1,    FW_TEXT,   FW_TEXT + 0xf, FW_TEXT + 0x200,
        FW_DATA + 7, FW_DATA + 0x40, UINT64_MAX};
    const char *name;
    uint64_t offset;

    (void)state;
    for (int elf_class = 1; elf_class <= 2; elf_class++) {
        build(elf_class);
        if (elf_class == 2) {
            image_set(&image, ST_VALUE, 5, FW_TEXT + 0x100); // Only ARM marks Thumb code.
        }
        assert_int_equal(open_image(), YOKE_OK);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            assert_int_equal(yoke_elf_symbol(&elf, cases[i].address, &name, &offset), YOKE_OK);
            assert_string_equal(name, cases[i].name);
            assert_int_equal(offset, cases[i].offset);
        }
        for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
            assert_int_equal(yoke_elf_symbol(&elf, nowhere[i], &name, &offset), YOKE_NOT_FOUND);
        }
    }
}

static void prefers_a_function_to_a_label_at_the_same_address(void **state)
{
    const char *name;
    uint64_t offset;

    (void)state;
    build(2);
    image_set(&image, ST_INFO, 3, 0); // "main" becomes the label, "main_label" the function.
    image_set(&image, ST_INFO, 4, 2);
    assert_int_equal(open_image(), YOKE_OK);
    assert_int_equal(yoke_elf_symbol(&elf, FW_TEXT + 0x80, &name, &offset), YOKE_OK);
    assert_string_equal(name, "main_label");
}

static void passes_over_symbols_that_make_no_sense(void **state)
{
    const char *name;
    uint64_t offset;

    (void)state;
    build(2);
    image_set(&image, ST_NAME, 3, 0x7fffffff);
    image_set(&image, ST_SHNDX, 4, 200);
    assert_int_equal(open_image(), YOKE_OK);
    assert_int_equal(yoke_elf_symbol(&elf, FW_TEXT + 0x84, &name, &offset), YOKE_OK);
    assert_string_equal(name, "reset");
    // A symbol table that is not a multiple of a symbol long: the rest, of "main", is no symbol.
    build(2);
    image_set(&image, SH_SIZE, FW_S_SYMTAB, 24 * 3 + 23);
    assert_int_equal(open_image(), YOKE_OK);
    assert_int_equal(yoke_elf_symbol(&elf, FW_TEXT + 0x84, &name, &offset), YOKE_OK);
    assert_string_equal(name, "reset");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_a_firmware_of_either_class),
        cmocka_unit_test(opens_bytes_at_any_alignment),
        cmocka_unit_test(refuses_what_is_not_an_elf),
        cmocka_unit_test(refuses_a_file_cut_at_any_byte),
        cmocka_unit_test(refuses_a_wrong_identification),
        cmocka_unit_test(refuses_a_class_or_machine_that_the_caller_does_not_allow),
        cmocka_unit_test(refuses_wrong_program_headers),
        cmocka_unit_test(refuses_wrong_section_headers),
        cmocka_unit_test(accepts_a_segment_that_ends_with_the_address_space),
        cmocka_unit_test(accepts_an_all_zero_segment_whose_offset_lies_beyond_the_file),
        cmocka_unit_test(does_not_judge_addresses_of_segments_that_are_not_loaded),
        cmocka_unit_test(opens_an_image_without_sections),
        cmocka_unit_test(opens_an_image_whose_sections_have_no_names),
        cmocka_unit_test(refuses_a_segment_that_changed_after_opening),
        cmocka_unit_test(finds_the_nearest_symbol),
        cmocka_unit_test(prefers_a_function_to_a_label_at_the_same_address),
        cmocka_unit_test(passes_over_symbols_that_make_no_sense),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
