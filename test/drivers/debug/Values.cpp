/* A value of each kind a driver has, for the debugger. */
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

enum COLOUR { ColourRed = 1, ColourGreen = 2, ColourBlue = 7 };
enum class Mode : UINT8 { Idle, Busy = 3 };

typedef union _EITHER {
    UINT32 Whole;
    struct { UINT16 Low; UINT16 High; } Parts;
    UINT8 Bytes[4];
} EITHER;

struct Base {
    UINT32 Id;
    virtual UINT32 Twice() { return Id * 2; }
};

template <typename T, int N> struct Ring {
    T Items[N];
    UINT32 Count = 0;
    void Put(const T &item) { Items[Count % N] = item; Count++; }
};

namespace deep {
struct Derived : Base {
    Ring<UINT16, 4> Values;
    Mode State = Mode::Busy;
    COLOUR Colour : 4;
    UINT32 Wide : 20;
    INT32 Signed : 5;
    bool Flag : 1;
    UINT32 Twice() override
    {
        UINT32 result = Id * 3; // in method
        return result;
    }
};
static UINT32 Hidden = 77;
}

typedef struct _NODE {
    LIST_ENTRY Entry;
    UINT32 Number;
} NODE;
static UNICODE_STRING Name;
static LIST_ENTRY Head;

VSPLAB_TEST(Values)
{
    deep::Derived object;
    deep::Derived &reference = object;
    Base *base = &object;
    EITHER either;
    NODE nodes[3];
    KIRQL irql = DISPATCH_LEVEL;
    NTSTATUS status = STATUS_BUFFER_TOO_SMALL;
    bool yes = true;
    char text[] = "hello";
    const wchar_t *wide = L"wide";
    double number = 1.5;
    float single = 0.25f;
    UINT64 big = 0x123456789abcdef0ull;
    GUID guid = { 0x12345678, 0x1234, 0x5678, { 1, 2, 3, 4, 5, 6, 7, 8 } };
    UINT32 (*function)(UINT32) = nullptr;
    UINT32 Base::*member = &Base::Id;
    LARGE_INTEGER large;
    int matrix[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'eulV');
    PVOID gone = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, 'enoG');

    object.Id = 5;
    object.Colour = ColourBlue;
    object.Wide = 0xABCDE;
    object.Signed = -3;
    object.Flag = true;
    object.Values.Put(11);
    object.Values.Put(12);
    either.Whole = 0x11223344;
    large.QuadPart = -5;
    RtlInitUnicodeString(&Name, L"Unicode name");
    InitializeListHead(&Head);
    for (auto &node : nodes) {
        node.Number = 3;
        InsertTailList(&Head, &node.Entry);
    }
    ExFreePoolWithTag(gone, 'enoG');
    UINT32 captured = 9;
    auto lambda = [&captured, big](UINT32 x) {
        UINT32 inner = captured + x + (UINT32)big; // in lambda
        return inner;
    };
    captured = lambda(4) + object.Twice(); // stand here
    deep::Hidden++;
    ExFreePoolWithTag(block, 'eulV');
    VSPLAB_ASSERT(status != 0 && yes && text[0] && wide && number + single > 0 && guid.Data1 && !function && member);
    VSPLAB_ASSERT(matrix[0][0] && base && reference.Id && irql && large.QuadPart);
}
