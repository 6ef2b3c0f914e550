/*
 * Tests that break a rule and then destroy the module they run in: without memory checks they overwrite everything the
 * library knows. What was found before has to reach the report, and the next test has to find a whole module.
 */
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#define FIRST_ADDRESS 0x10000ull /* below it nothing is ever valid */

static VMBCHANNEL StartedTooEarly(VOID)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VmbChannelStart(Channel); /* finds: state-start-pause-window */
    return Channel;
}

/* Upwards, through the stack, all globals and all allocations, and beyond the end of memory. */
static VOID Overwrite(volatile UINT64 *From, UINT64 Value)
{
    for (;;) {
        *From++ = Value;
    }
}

VSPLAB_TEST(OverwritesWithOnes)
{
    (VOID)StartedTooEarly();
    Overwrite((volatile UINT64 *)(ULONG_PTR)FIRST_ADDRESS, ~0ull);
}

VSPLAB_TEST(OverwritesWithZeroes)
{
    (VOID)StartedTooEarly();
    Overwrite((volatile UINT64 *)(ULONG_PTR)FIRST_ADDRESS, 0);
}

/* A handle points to the library's own state. */
VSPLAB_TEST(OverwritesItsChannel)
{
    VMBCHANNEL Channel = StartedTooEarly();
    Overwrite((volatile UINT64 *)Channel, 0x4141414141414141ull);
}

VSPLAB_TEST(BreaksTheSameRuleNext)
{
    VMBCHANNEL Channel = StartedTooEarly();
    VmbChannelCleanup(Channel);
}

VSPLAB_TEST(BehavesWell)
{
    VSPLAB_ASSERT_EQUAL(0, KeGetCurrentIrql());
}
