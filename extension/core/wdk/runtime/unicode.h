/*
 * What the two files of counted strings share.
 */
#pragma once

#include "kernel.h"
#include "text.h"

#define VSP_UNICODE_MAX_BYTES 0xFFFEu

/* Faults unless the string and its text may be read. */
void vsp_unicode_check(PCUNICODE_STRING string);

/* Copies what fits behind `at` bytes and ends it with a zero if there is room; nonzero: all of it fitted. */
int vsp_unicode_place(PUNICODE_STRING to, uint64_t at, const void *from, uint64_t size);
