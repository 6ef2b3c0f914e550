/* C++20: what a driver may use of it. */
#include <ntddk.h>
#include <vsplab.h>

static_assert(LANGUAGE_STANDARD == 202002 && __cplusplus >= 202002);

template <typename T>
concept Releasable = requires(T object) {
    object.Release();
    { object.IsHeld() } noexcept;
};

struct Reference {
    bool Held = true;
    void Release()
    {
        Held = false;
    }
    bool IsHeld() const noexcept
    {
        return Held;
    }
};
static_assert(Releasable<Reference> && !Releasable<ULONG>);

static bool EndOf(Releasable auto &object)
{
    object.Release();
    return !object.IsHeld();
}

VSPLAB_TEST(Concepts)
{
    Reference reference;

    VSPLAB_ASSERT(EndOf(reference));
}

struct Settings {
    ULONG Version = 1;
    ULONG Depth = 2;
    const char *Name = "default";
};

VSPLAB_TEST(DesignatedInitialisersInCpp)
{
    const Settings settings{.Depth = 64, .Name = "ring"};

    VSPLAB_ASSERT_EQUAL(1, settings.Version);
    VSPLAB_ASSERT_EQUAL(64, settings.Depth);
    VSPLAB_ASSERT_EQUAL('r', settings.Name[0]);
}

consteval ULONG Tag(const char (&text)[5])
{
    return static_cast<ULONG>(text[3]) << 24 | static_cast<ULONG>(text[2]) << 16 | static_cast<ULONG>(text[1]) << 8 |
           static_cast<ULONG>(text[0]);
}
static_assert(Tag("NicV") == 'VciN');

constinit ULONG Started = Tag("abcd") & 0xFF;

VSPLAB_TEST(ImmediateFunctions)
{
    VSPLAB_ASSERT_EQUAL('a', Started);
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, Tag("Cpp2"));
    VSPLAB_ASSERT(block != nullptr);
    ExFreePoolWithTag(block, Tag("Cpp2"));
}

VSPLAB_TEST(LoopsAndLambdasWithTypes)
{
    ULONG sum = 0;

    for (const ULONG values[] = {1, 2, 3}; const ULONG value : values) {
        sum += value;
    }
    VSPLAB_ASSERT_EQUAL(6, sum);
    const auto widest = []<typename A, typename B>(A, B) { return sizeof(A) > sizeof(B) ? sizeof(A) : sizeof(B); };
    VSPLAB_ASSERT_EQUAL(8, widest(static_cast<UCHAR>(1), 1.0));
}

struct Address {
    UCHAR Path;
    UCHAR Target;
    bool operator==(const Address &) const = default;
};

VSPLAB_TEST(DefaultedComparison)
{
    VSPLAB_ASSERT((Address{1, 2} == Address{1, 2}));
    VSPLAB_ASSERT((Address{1, 2} != Address{2, 1}));
}

struct Empty {
};
struct Compact {
    [[msvc::no_unique_address]] Empty Nothing;
    ULONG Value;
};
static_assert(sizeof(Compact) == 4);

VSPLAB_TEST(AttributesAndBitFieldDefaults)
{
    struct Flags {
        ULONG First : 3 = 5;
        ULONG Second : 29 = 7;
    } flags;

    VSPLAB_ASSERT_EQUAL(5, static_cast<ULONG>(flags.First));
    VSPLAB_ASSERT_EQUAL(7, static_cast<ULONG>(flags.Second));
    if (flags.First == 5) [[likely]] {
        flags.Second++;
    }
    VSPLAB_ASSERT_EQUAL(8, static_cast<ULONG>(flags.Second));
}
