/* C17: initialisers, calls, linkage, pragmas. */
#include "shared.H"
#include <ntstrsafe.h>
#include <vsplab.h>

C_ASSERT(__STDC_VERSION__ == LANGUAGE_STANDARD);

/* ---- Initialisers ---- */

typedef struct _OPTIONS {
    ULONG Flags;
    struct {
        UCHAR Kind;
        USHORT Values[4];
    } Inner[2];
    union {
        ULONG Number;
        PCSTR Text;
    };
} OPTIONS;

VSPLAB_TEST(DesignatedInitialisers)
{
    static const OPTIONS Options = {
        .Text = "text",
        .Inner = {[1] = {.Kind = 9, .Values = {[2] = 22, 33}}},
        .Flags = 4,
    };
    const ULONG Squares[8] = {[7] = 49, [2] = 4, 9};
    const OPTIONS *Literal = &(OPTIONS){.Inner[0].Values[3] = 5, .Number = 6};

    VSPLAB_ASSERT_EQUAL(4, Options.Flags);
    VSPLAB_ASSERT_EQUAL(0, Options.Inner[0].Kind);
    VSPLAB_ASSERT_EQUAL(9, Options.Inner[1].Kind);
    VSPLAB_ASSERT_EQUAL(22, Options.Inner[1].Values[2]);
    VSPLAB_ASSERT_EQUAL(33, Options.Inner[1].Values[3]);
    VSPLAB_ASSERT_EQUAL('x', Options.Text[2]);
    VSPLAB_ASSERT_EQUAL(62, Squares[2] + Squares[3] + Squares[7] + Squares[0]);
    VSPLAB_ASSERT_EQUAL(11, Literal->Inner[0].Values[3] + Literal->Number);
}

static INT Compare(const VOID *Left, const VOID *Right)
{
    return *(const INT *)Left - *(const INT *)Right;
}

typedef INT COMPARE(const VOID *Left, const VOID *Right);
static COMPARE *const Comparisons[] = {NULL, Compare};

VSPLAB_TEST(FunctionPointers)
{
    INT Values[] = {3, 5};
    COMPARE *Chosen2 = Comparisons[ARRAYSIZE(Comparisons) - 1];

    VSPLAB_ASSERT_EQUAL(-2, Chosen2(&Values[0], &Values[1]));
    VSPLAB_ASSERT_EQUAL(2, (*Chosen2)(&Values[1], &Values[0]));
    VSPLAB_ASSERT(Comparisons[0] == NULL);
}

#define KIND_OF(value) _Generic((value), LONG: 1, ULONG: 2, LONGLONG: 3, PCSTR: 4, PSTR: 5, default: 6)

VSPLAB_TEST(GenericSelection)
{
    VSPLAB_ASSERT_EQUAL(1, KIND_OF((LONG)1));
    VSPLAB_ASSERT_EQUAL(2, KIND_OF(1ul));
    VSPLAB_ASSERT_EQUAL(3, KIND_OF(1ll));
    VSPLAB_ASSERT_EQUAL(5, KIND_OF("literal"));
    VSPLAB_ASSERT_EQUAL(6, KIND_OF((USHORT)1));
}

VSPLAB_TEST(ControlFlow)
{
    ULONG Sum = 0;
    ULONG Index = 0;

    switch (5) { /* into the loop */
        do {
        case 5:
            Sum += 1;
        case 4:
            Sum += 10;
            Index++;
        } while (Index < 3);
    }
    VSPLAB_ASSERT_EQUAL(33, Sum);
    for (Index = 0;; Index++) {
        if (Index == 3) {
            continue;
        }
        if (Index == 6) {
            goto Out;
        }
        Sum += Index;
    }
Out:
    VSPLAB_ASSERT_EQUAL(45, Sum);
}

/* ---- Calls ---- */

VSPLAB_TEST(StructuresByValue)
{
    BIG Template = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
    SMALL Pair = {1, 2};
    BIG Made = MakeBig(100, Template);

    VSPLAB_ASSERT_EQUAL(100, Made.Words[0]);
    VSPLAB_ASSERT_EQUAL(10, Made.Words[8]);
    VSPLAB_ASSERT_EQUAL(1, Template.Words[0]); /* the callee had a copy */
    VSPLAB_ASSERT_EQUAL(9, Template.Words[8]);
    VSPLAB_ASSERT_EQUAL(2, Swap(Pair).First);
    VSPLAB_ASSERT_EQUAL(1, Swap(Swap(Pair)).First);
    VSPLAB_ASSERT_EQUAL(8, MakeBig(0, MakeBig(1, Template)).Words[7]);
}

VSPLAB_TEST(VariadicFunctions)
{
    LONG64 Wide = -0x200000000ll;

    VSPLAB_ASSERT(SumOf(0) == 0);
    VSPLAB_ASSERT(SumOf(1, -5) == -5005);
    VSPLAB_ASSERT(SumOf(4, 1, Wide, 2, 2 * Wide) == 3 + 3 * Wide + 1000);
    VSPLAB_ASSERT(SumOf(3, (CHAR)-1, 1ll, 'A') == 65 - 1000);
}

VSPLAB_TEST(FormattedStrings)
{
    CHAR Text[80];
    WCHAR Wide[40];
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"vsp");
    VSPLAB_ASSERT_SUCCESS(RtlStringCbPrintfA(Text, sizeof(Text), "%d %u %lx %I64x %c %s %p", -1, 2u, 0xABCul,
                                             0x123456789ABull, 'c', "s", (PVOID)0x10));
    VSPLAB_ASSERT_BYTES("-1 2 abc 123456789ab c s 0000000000000010", Text, 41);
    VSPLAB_ASSERT_SUCCESS(RtlStringCbPrintfW(Wide, sizeof(Wide), L"%ws-%S-%wZ", L"wide", "narrow", &Name));
    VSPLAB_ASSERT_BYTES(L"wide-narrow-vsp", Wide, 32);
    VSPLAB_ASSERT_STATUS(STATUS_BUFFER_OVERFLOW, RtlStringCbPrintfA(Text, 4, "%s", "too long"));
    VSPLAB_ASSERT_BYTES("too", Text, 4);
}

static ULONG Fibonacci(ULONG Number)
{
    return Number < 2 ? Number : Fibonacci(Number - 1) + Fibonacci(Number - 2);
}

VSPLAB_TEST(Recursion)
{
    VSPLAB_ASSERT_EQUAL(610, Fibonacci(15));
}

/* ---- Linkage ---- */

static ULONG Helper(VOID)
{
    return 1;
}

VSPLAB_TEST(FilesOfOneDriver)
{
    VSPLAB_ASSERT_EQUAL(1, Helper());
    VSPLAB_ASSERT_EQUAL(101, SecondHelper());
    VSPLAB_ASSERT_EQUAL(102, SecondHelper());
    VSPLAB_ASSERT_EQUAL(7, Counter);
    VSPLAB_ASSERT_EQUAL('w', Messages[2][1]);
    VSPLAB_ASSERT_EQUAL(0, Tentative);
    VSPLAB_ASSERT_EQUAL(42, Chosen);
    VSPLAB_ASSERT_EQUAL(14, Twice(Counter));
    Counter = 0;
}

VSPLAB_TEST(GlobalsAreFreshInEachTest)
{
    VSPLAB_ASSERT_EQUAL(7, Counter);
    VSPLAB_ASSERT_EQUAL(101, SecondHelper());
    Counter = 8;
    VspLabRestartHost();
    VSPLAB_ASSERT_EQUAL(7, Counter);
}

/* ---- Pragmas of a kernel build ---- */

NTSTATUS Paged(ULONG Value);
NTSTATUS Once(VOID);
#pragma alloc_text(PAGE, Paged)
#pragma alloc_text(INIT, Once)
#pragma warning(push)
#pragma warning(disable : 4201 4996)
#pragma data_seg("PAGEDATA")
static ULONG PagedData = 5;
#pragma data_seg()
#pragma const_seg("PAGECONS")
static const ULONG PagedConstants[] = {1, 2, 3};
#pragma const_seg()
#pragma comment(lib, "vmbkmcl.lib")
#pragma warning(pop)

NTSTATUS Paged(ULONG Value)
{
    PAGED_CODE();
    PagedData += Value;
    return STATUS_SUCCESS;
}

NTSTATUS Once(VOID)
{
    return STATUS_NOT_IMPLEMENTED;
}

#pragma code_seg(push, "PAGE")
__declspec(noinline) static ULONG InPage(VOID)
{
    return PagedConstants[2];
}
#pragma code_seg(pop)

__declspec(allocate("INITCONS")) static const ULONG Allocated = 11;

VSPLAB_TEST(Segments)
{
    VSPLAB_ASSERT_SUCCESS(Paged(2));
    VSPLAB_ASSERT_EQUAL(7, PagedData);
    VSPLAB_ASSERT_STATUS(STATUS_NOT_IMPLEMENTED, Once());
    VSPLAB_ASSERT_EQUAL(14, InPage() + Allocated);
}

VSPLAB_TEST(StringsKeepWordsOfTheCompiler)
{
    static const CHAR Text[] = "use dllimport here; target triple = \"x86_64\"; ; !dbg !1 personality";

    VSPLAB_ASSERT_EQUAL(68, sizeof(Text));
    VSPLAB_ASSERT_BYTES("dllimport", Text + 4, 9);
}
