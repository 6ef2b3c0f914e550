/* Runs of many statements, for the debugger's figures: eight and a half statements and calls a turn. */
#include <ntddk.h>
#include <vsplab.h>

static ULONG Buffer[256];

static ULONG Mix(ULONG value, ULONG turn)
{
    ULONG mixed = value * 1664525u + turn;
    mixed ^= mixed >> 13;
    return mixed + 1;
}

static ULONG Work(ULONG turns)
{
    ULONG value = 1;
    ULONG turn;
    for (turn = 0; turn < turns; turn++) {
        value = Mix(value, turn);
        if (value & 1) {
            Buffer[turn & 255] += value;
        }
    }
    return value;
}

VSPLAB_TEST(OneMillion)
{
    ULONG value = Work(118000);
    value++;
    value++;
    Buffer[0] = value;
}

VSPLAB_TEST(TwentyMillion)
{
    ULONG value = Work(2360000);
    value++;
    value++;
    Buffer[0] = value;
}

VSPLAB_TEST(ManyTurns)
{
    ULONG value = Work(1000000);
    value++;
    Buffer[0] = value;
}
