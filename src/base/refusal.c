// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/base.h>

/// A line under construction: `length` counts all that was put, what does not fit is dropped.
struct line {
    char *text;
    size_t size;
    size_t length;
};

static void put_char(struct line *line, char c)
{
    if (line->length + 1 < line->size) {
        line->text[line->length] = c;
        line->text[line->length + 1] = '\0';
    }
    line->length++;
}

static void put_text(struct line *line, const char *text)
{
    while (*text != '\0') {
        put_char(line, *text++);
    }
}

/// Small numbers read best in decimal; addresses, masks and sizes in hexadecimal.
static void put_number(struct line *line, uint64_t value)
{
    const unsigned base = value < 256 ? 10 : 16;
    char digits[16];
    unsigned count = 0;

    if (base == 16) {
        put_text(line, "0x");
    }
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count != 0) {
        put_char(line, digits[--count]);
    }
}

size_t yoke_refusal_text(const struct yoke_refusal *refusal, char *text, size_t size)
{
    struct line line = {text, size, 0};

    if (size != 0) {
        text[0] = '\0';
    }
    if (refusal->part == NULL) {
        put_text(&line, "nothing was refused");
        return line.length;
    }
    put_text(&line, refusal->part);
    if (refusal->index != YOKE_NO_INDEX) {
        put_char(&line, ' ');
        put_number(&line, refusal->index);
    }
    put_text(&line, ": ");
    if (refusal->field != NULL) {
        put_text(&line, refusal->field);
        put_char(&line, ' ');
        put_number(&line, refusal->value);
        put_char(&line, ' ');
    }
    put_text(&line, refusal->rule);
    if (refusal->bound != YOKE_NO_BOUND) {
        put_char(&line, ' ');
        put_number(&line, refusal->bound);
    }
    return line.length;
}
