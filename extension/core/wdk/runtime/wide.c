/*
 * The one piece of 128-bit arithmetic a driver can reach without writing any: the optimiser turns an overflow check
 * such as `a * b / b != a` into a wide multiplication, which wasm has no instruction for and the back end expects as a
 * function.
 */
#include <stdint.h>

/* result[0] the low half of a * b, result[1] the high one, modulo 2^128. */
void __multi3(uint64_t *result, uint64_t a_low, uint64_t a_high, uint64_t b_low, uint64_t b_high)
{
    const uint64_t half = 0xFFFFFFFFu;
    const uint64_t low = (a_low & half) * (b_low & half);
    const uint64_t left = (a_low >> 32) * (b_low & half) + (low >> 32);
    const uint64_t right = (a_low & half) * (b_low >> 32) + (left & half);
    result[0] = (right << 32) | (low & half);
    result[1] = (a_low >> 32) * (b_low >> 32) + (left >> 32) + (right >> 32) + a_low * b_high + a_high * b_low;
}
