/*
 * The ends of a test the driver asks for itself: bug checks, assertions, fast failures, breakpoints, exceptions.
 */
#include "kernel.h"

/* `size` of a VSP_FAULT_ASSERT. */
enum assert_code {
    ASSERT_FAILED = 1, /* detail = line */
    ASSERT_BREAKPOINT = 3,
};

DECLSPEC_NORETURN VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2,
                                    ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4)
{
    vsp_lasting.bugcheck[0] = BugCheckCode;
    vsp_lasting.bugcheck[1] = BugCheckParameter1;
    vsp_lasting.bugcheck[2] = BugCheckParameter2;
    vsp_lasting.bugcheck[3] = BugCheckParameter3;
    vsp_lasting.bugcheck[4] = BugCheckParameter4;
    vsp_fault(VSP_FAULT_BUGCHECK, BugCheckCode, 0, 0);
}

DECLSPEC_NORETURN VOID KeBugCheck(ULONG BugCheckCode)
{
    KeBugCheckEx(BugCheckCode, 0, 0, 0, 0);
}

_Noreturn void vsp_raise(NTSTATUS status)
{
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)status, 0, 0, 0);
}

DECLSPEC_NORETURN VOID ExRaiseStatus(NTSTATUS Status)
{
    vsp_raise(Status);
}

DECLSPEC_NORETURN VOID ExRaiseAccessViolation(VOID)
{
    vsp_raise(STATUS_ACCESS_VIOLATION);
}

DECLSPEC_NORETURN VOID ExRaiseDatatypeMisalignment(VOID)
{
    vsp_raise(STATUS_DATATYPE_MISALIGNMENT);
}

VOID RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber, PSTR MutableMessage)
{
    (void)VoidFileName;
    const void *text = VoidFailedAssertion;
    if (MutableMessage != NULL && MutableMessage[0] != 0) {
        text = MutableMessage;
    }
    vsp_fault(VSP_FAULT_ASSERT, (uint64_t)text, ASSERT_FAILED, LineNumber);
}

DECLSPEC_NORETURN void VspFastFail_(unsigned int code)
{
    if (code == FAST_FAIL_CORRUPT_LIST_ENTRY) {
        vsp_breach(VSP_RULE_LOCK_LIST, 0, 0);
    }
    KeBugCheckEx(KERNEL_SECURITY_CHECK_FAILURE, code, 0, 0, 0);
}

void DbgBreakPoint(void)
{
    vsp_fault(VSP_FAULT_ASSERT, (uint64_t) "a breakpoint is reached, and no debugger is there", ASSERT_BREAKPOINT, 0);
}

VOID DbgBreakPointWithStatus(ULONG Status)
{
    vsp_fault(VSP_FAULT_ASSERT, (uint64_t) "a breakpoint is reached, and no debugger is there", ASSERT_BREAKPOINT, Status);
}
