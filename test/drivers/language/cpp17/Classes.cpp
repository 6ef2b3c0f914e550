/* C++17 without exceptions and RTTI, as kernel drivers use it. */
#include "Classes.h"
#include <vsplab.h>

static_assert(LANGUAGE_STANDARD == 201703 && __cplusplus >= 201703);

/* ---- Static construction ---- */

static int s_order;

struct Constructed {
    int Place;
    ULONG Value;
    explicit Constructed(ULONG value) : Place(++s_order), Value(value)
    {
    }
};
static Constructed First(10);
static Constructed Second(First.Value + 1);
static const ULONG Computed = Largest<ULONG>(3, First.Value);

VSPLAB_TEST(StaticConstructors)
{
    VSPLAB_ASSERT_EQUAL(1, First.Place);
    VSPLAB_ASSERT_EQUAL(2, Second.Place);
    VSPLAB_ASSERT_EQUAL(11, Second.Value);
    VSPLAB_ASSERT_EQUAL(10, Computed);
    First.Value = 0;
    VspLabRestartHost();
    VSPLAB_ASSERT_EQUAL(10, First.Value);
}

static const Constructed &Late()
{
    static Constructed late(77);
    return late;
}

VSPLAB_TEST(LocalStaticsAreMadeOnce)
{
    VSPLAB_ASSERT_EQUAL(2, s_order);
    VSPLAB_ASSERT_EQUAL(77, Late().Value);
    VSPLAB_ASSERT_EQUAL(&Late(), &Late());
    VSPLAB_ASSERT_EQUAL(3, s_order);
}

/* ---- Classes ---- */

VSPLAB_TEST(VirtualFunctions)
{
    {
        Rectangle rectangle(3, 4);
        const Shape &shape = rectangle;
        VSPLAB_ASSERT_EQUAL(12, shape.Area());
        VSPLAB_ASSERT_EQUAL('r', shape.Name()[0]);
        VSPLAB_ASSERT_EQUAL('s', shape.Shape::Name()[0]);
        VSPLAB_ASSERT_EQUAL(1, Shape::s_alive);
    }
    Shape *square = MakeSquare(5);
    VSPLAB_ASSERT(square != nullptr);
    VSPLAB_ASSERT_EQUAL(25, square->Area());
    VSPLAB_ASSERT_EQUAL('q', square->Name()[1]);
    VSPLAB_ASSERT_EQUAL(4, square->Sides());
    delete square;
    VSPLAB_ASSERT_EQUAL(0, Shape::s_alive);
}

struct Readable {
    virtual ULONG Read() = 0;
    ULONG Reads = 0;
};
struct Writable {
    virtual void Write(ULONG value) = 0;
    ULONG Writes = 0;
};
struct Register : Readable, Writable {
    ULONG Value = 0;
    ULONG Read() override
    {
        Reads++;
        return Value;
    }
    void Write(ULONG value) override
    {
        Writes++;
        Value = value;
    }
    ULONG Last() const
    {
        return Value;
    }
};

VSPLAB_TEST(TwoBases)
{
    Register reg;
    Writable &writable = reg;
    Readable *readable = &reg;

    writable.Write(9);
    VSPLAB_ASSERT_EQUAL(9, readable->Read());
    VSPLAB_ASSERT((void *)&writable != (void *)&reg);
    VSPLAB_ASSERT_EQUAL(&reg, static_cast<Register *>(&writable));
    ULONG (Register::*member)() const = &Register::Last;
    VSPLAB_ASSERT_EQUAL(9, (reg.*member)());
    ULONG Readable::*data = &Readable::Reads;
    VSPLAB_ASSERT_EQUAL(1, reg.*data);
    static_assert(sizeof(Register) == 40);
}

/* ---- Lifetime ---- */

static CHAR s_trace[16];
static ULONG s_length;

struct Scope {
    CHAR Letter;
    explicit Scope(CHAR letter) : Letter(letter)
    {
    }
    ~Scope()
    {
        s_trace[s_length++] = Letter;
    }
};

static ULONG LeavesEarly(bool early)
{
    Scope a('a');
    if (early) {
        Scope b('b');
        return 1;
    }
    for (ULONG index = 0; index < 2; index++) {
        Scope c('c');
        if (index == 0) {
            continue;
        }
        break;
    }
    return 2;
}

VSPLAB_TEST(DestructorsOnEveryPath)
{
    VSPLAB_ASSERT_EQUAL(1, LeavesEarly(true));
    VSPLAB_ASSERT_EQUAL(2, LeavesEarly(false));
    VSPLAB_ASSERT_EQUAL(5, s_length);
    VSPLAB_ASSERT_BYTES("bacca", s_trace, 5);
}

VSPLAB_TEST(PlacementNewAndArrays)
{
    alignas(Scope) UCHAR place[sizeof(Scope)];
    Scope *scope = new (place) Scope('p');

    VSPLAB_ASSERT_EQUAL(reinterpret_cast<PVOID>(place), reinterpret_cast<PVOID>(scope));
    scope->~Scope();
    VSPLAB_ASSERT_EQUAL('p', s_trace[0]);
    {
        Scope scopes[] = {Scope('x'), Scope('y')};
        UNREFERENCED_PARAMETER(scopes);
    }
    VSPLAB_ASSERT_BYTES("pyx", s_trace, 3);
}

/* ---- Templates and lambdas ---- */

template <typename T, size_t Size> class Ring {
public:
    bool Push(T value)
    {
        if (m_count == Size) {
            return false;
        }
        m_items[(m_first + m_count++) % Size] = value;
        return true;
    }
    T Pop()
    {
        T value = m_items[m_first];
        m_first = (m_first + 1) % Size;
        m_count--;
        return value;
    }

private:
    T m_items[Size] = {};
    size_t m_first = 0;
    size_t m_count = 0;
};

template <typename... Values> constexpr auto Sum(Values... values)
{
    return (values + ... + 0);
}

template <typename T> constexpr const char *KindOf()
{
    if constexpr (sizeof(T) == 8) {
        return "wide";
    } else {
        return "narrow";
    }
}

VSPLAB_TEST(Templates)
{
    Ring<USHORT, 3> ring;

    VSPLAB_ASSERT(ring.Push(1) && ring.Push(2) && ring.Push(3) && !ring.Push(4));
    VSPLAB_ASSERT_EQUAL(1, ring.Pop());
    VSPLAB_ASSERT(ring.Push(5));
    VSPLAB_ASSERT_EQUAL(2, ring.Pop());
    static_assert(Sum(1, 2, 3) == 6 && Sum() == 0);
    VSPLAB_ASSERT_EQUAL('w', KindOf<UINT64>()[0]);
    VSPLAB_ASSERT_EQUAL('n', KindOf<long>()[0]);
    const auto [low, high] = LARGE_INTEGER{{0x12345678, 0x9ABC}}.u;
    VSPLAB_ASSERT_EQUAL(0x12345678, low);
    VSPLAB_ASSERT_EQUAL(0x9ABC, high);
}

template <typename Body> static ULONG Repeat(ULONG count, Body body)
{
    ULONG sum = 0;
    for (ULONG index = 0; index < count; index++) {
        sum += body(index);
    }
    return sum;
}

VSPLAB_TEST(Lambdas)
{
    ULONG calls = 0;
    const volatile ULONG factor = 3;

    VSPLAB_ASSERT_EQUAL(18, Repeat(4, [&calls, factor](ULONG index) {
                            calls++;
                            return index * factor;
                        }));
    VSPLAB_ASSERT_EQUAL(4, calls);
    ULONG (*plain)(ULONG) = [](ULONG value) { return value + 1; };
    VSPLAB_ASSERT_EQUAL(8, plain(7));
    auto counter = [count = 0]() mutable { return ++count; };
    counter();
    VSPLAB_ASSERT_EQUAL(2, counter());
}

VSPLAB_TEST(InlineObjectsAreShared)
{
    VSPLAB_ASSERT_EQUAL(1, InBothFiles());
    VSPLAB_ASSERT_EQUAL(102, CallInOther());
    VSPLAB_ASSERT_EQUAL(3, InBothFiles());
}

extern "C" NTSTATUS CallableFromC(ULONG Value)
{
    return Value == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

namespace Driver::Detail {
enum class State : UCHAR { Stopped, Running = 200 };
constexpr ULONG operator""_KiB(unsigned long long value)
{
    return static_cast<ULONG>(value * 1024);
}
} // namespace Driver::Detail

VSPLAB_TEST(NamespacesAndScopedEnumerations)
{
    using namespace Driver::Detail;
    State state = State::Running;

    VSPLAB_ASSERT_EQUAL(1, sizeof(state));
    VSPLAB_ASSERT_EQUAL(200, static_cast<UCHAR>(state));
    VSPLAB_ASSERT_EQUAL(4096, 4_KiB);
    VSPLAB_ASSERT_SUCCESS(CallableFromC(0));
    if (NTSTATUS status = CallableFromC(1); !NT_SUCCESS(status)) {
        VSPLAB_ASSERT_STATUS(STATUS_UNSUCCESSFUL, status);
    }
}
