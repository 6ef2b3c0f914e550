/* C11: sizes and offsets are those of MSVC on x64, in constants and in memory. */
#include <ntddk.h>
#include <vsplab.h>

C_ASSERT(__STDC_VERSION__ == LANGUAGE_STANDARD);

/* ---- Scalars ---- */

VSPLAB_TEST(ScalarSizes)
{
    VSPLAB_ASSERT_EQUAL(4, sizeof(long));
    VSPLAB_ASSERT_EQUAL(8, sizeof(long long));
    VSPLAB_ASSERT_EQUAL(8, sizeof(void *));
    VSPLAB_ASSERT_EQUAL(2, sizeof(wchar_t));
    VSPLAB_ASSERT_EQUAL(8, sizeof(L"abc"));
    VSPLAB_ASSERT_EQUAL(4, sizeof("abc"));
    VSPLAB_ASSERT_EQUAL(8, sizeof(long double));
    VSPLAB_ASSERT_EQUAL(8, _Alignof(long double));
    VSPLAB_ASSERT_EQUAL(4, sizeof(enum { A, B }));
    VSPLAB_ASSERT_EQUAL(1, sizeof(BOOLEAN));
    VSPLAB_ASSERT_EQUAL(1, sizeof(_Bool));
    VSPLAB_ASSERT_EQUAL(16, sizeof(GUID));
}

VSPLAB_TEST(LongWrapsAt32Bits)
{
    volatile unsigned long Value = 0xFFFFFFFF;

    Value++;
    VSPLAB_ASSERT_EQUAL(0, Value);
    VSPLAB_ASSERT((unsigned char)(char)-1 == 0xFF && (char)-1 < 0); /* char is signed */
    VSPLAB_ASSERT_EQUAL(-1, (long)0xFFFFFFFF);
}

VSPLAB_TEST(LongDoubleIsDouble)
{
    volatile long double Third = 1.0L / 3;

    VSPLAB_ASSERT((double)Third == 1.0 / 3);
    VSPLAB_ASSERT((long)(Third * 300) == 100);
}

VSPLAB_TEST(WideStrings)
{
    static const WCHAR Text[] = L"a\u00E9\U0001F600"; /* two UTF-16 units for the last */
    UNICODE_STRING String;

    VSPLAB_ASSERT_EQUAL(10, sizeof(Text));
    VSPLAB_ASSERT_EQUAL(0xE9, Text[1]);
    VSPLAB_ASSERT_EQUAL(0xD83D, Text[2]);
    VSPLAB_ASSERT_EQUAL(0xDE00, Text[3]);
    RtlInitUnicodeString(&String, L"\\Device\\Vsp");
    VSPLAB_ASSERT_EQUAL(22, String.Length);
    VSPLAB_ASSERT_EQUAL(24, String.MaximumLength);
}

/* ---- Bit-fields: MSVC starts a new unit whenever the declared type's size changes ---- */

typedef struct _SAME_TYPE {
    ULONG Low : 3;
    ULONG Middle : 20;
    ULONG High : 9;
} SAME_TYPE;
C_ASSERT(sizeof(SAME_TYPE) == 4);

typedef struct _MIXED_TYPES {
    UCHAR First : 4;
    ULONG Second : 4; /* not in First's byte */
    USHORT Third : 4; /* nor in Second's unit */
    USHORT : 0;
    USHORT Fourth : 4;
} MIXED_TYPES;
C_ASSERT(sizeof(MIXED_TYPES) == 12);

typedef struct _SIGNED_FIELDS {
    LONG Negative : 4;
    LONG64 Wide : 40;
} SIGNED_FIELDS;
C_ASSERT(sizeof(SIGNED_FIELDS) == 16);

VSPLAB_TEST(BitFields)
{
    SAME_TYPE Same = {5, 0x12345, 0x1FF};
    MIXED_TYPES Mixed;
    SIGNED_FIELDS Signed = {-3, -5};
    const UCHAR *Bytes = (const UCHAR *)&Mixed;
    ULONG Raw;

    RtlCopyMemory(&Raw, &Same, sizeof(Raw));
    VSPLAB_ASSERT_EQUAL(5u | 0x12345u << 3 | 0x1FFu << 23, Raw);
    RtlZeroMemory(&Mixed, sizeof(Mixed));
    Mixed.First = 1;
    Mixed.Second = 2;
    Mixed.Third = 3;
    Mixed.Fourth = 4;
    VSPLAB_ASSERT_EQUAL(1, Bytes[0]);
    VSPLAB_ASSERT_EQUAL(2, Bytes[4]);
    VSPLAB_ASSERT_EQUAL(3, Bytes[8]);
    VSPLAB_ASSERT_EQUAL(4, Bytes[10]);
    VSPLAB_ASSERT_EQUAL(-3, (LONG)Signed.Negative);
    VSPLAB_ASSERT(Signed.Wide == -5);
    Same.High++;
    VSPLAB_ASSERT_EQUAL(0, Same.High);
    VSPLAB_ASSERT_EQUAL(0x12345, Same.Middle);
}

/* ---- Packing, alignment, anonymous members ---- */

#pragma pack(push, 1)
typedef struct _PACKED {
    UCHAR Type;
    UINT64 Id;
    USHORT Flags;
} PACKED;
#pragma pack(pop)
C_ASSERT(sizeof(PACKED) == 11 && FIELD_OFFSET(PACKED, Flags) == 9);

typedef struct _UNPACKED {
    UCHAR Type;
    UINT64 Id;
    USHORT Flags;
} UNPACKED;
C_ASSERT(sizeof(UNPACKED) == 24);

typedef struct DECLSPEC_ALIGN(32) _ALIGNED {
    UCHAR Byte;
} ALIGNED;
C_ASSERT(sizeof(ALIGNED) == 32 && _Alignof(ALIGNED) == 32);

typedef struct _BASE {
    ULONG Size;
    ULONG Version;
} BASE;

typedef struct _NESTED {
    BASE; /* an anonymous member of a tagged type */
    union {
        struct {
            USHORT Low;
            USHORT High;
        };
        ULONG Both;
        union {
            UCHAR Bytes[4];
            struct {
                ULONG Flag : 1;
                ULONG Rest : 31;
            } Bits;
        } Inner;
    };
    PVOID Pointer;
} NESTED;
C_ASSERT(sizeof(NESTED) == 24 && FIELD_OFFSET(NESTED, Inner.Bytes) == 8 && FIELD_OFFSET(NESTED, Pointer) == 16);

VSPLAB_TEST(PackedFieldsAreReachedUnaligned)
{
    UCHAR Raw[16] = {0xFF, 0x07, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0xCD, 0xAB};
    PACKED *Packed = (PACKED *)(Raw + 1);

    VSPLAB_ASSERT_EQUAL(7, Packed->Type);
    VSPLAB_ASSERT_EQUAL(0x8877665544332211, Packed->Id);
    VSPLAB_ASSERT_EQUAL(0xABCD, Packed->Flags);
    Packed->Id = MAXUINT64;
    VSPLAB_ASSERT_EQUAL(0xFF, Raw[9]);
    VSPLAB_ASSERT_EQUAL(0xCD, Raw[10]);
}

VSPLAB_TEST(NestedUnions)
{
    NESTED Nested = {{sizeof(NESTED), 2}, {{0x3421, 0x7856}}, &Nested};

    VSPLAB_ASSERT_EQUAL(24, Nested.Size);
    VSPLAB_ASSERT_EQUAL(0x78563421, Nested.Both);
    VSPLAB_ASSERT_EQUAL(0x21, Nested.Inner.Bytes[0]);
    VSPLAB_ASSERT_EQUAL(1, Nested.Inner.Bits.Flag);
    Nested.Inner.Bits.Flag = 0;
    VSPLAB_ASSERT_EQUAL(0x3420, Nested.Low);
    VSPLAB_ASSERT_EQUAL(&Nested, Nested.Pointer);
}

VSPLAB_TEST(AlignedLocals)
{
    UCHAR Before = 1;
    ALIGNED Aligned = {2};
    _Alignas(64) UCHAR Line[64] = {3};

    VSPLAB_ASSERT_EQUAL(0, (ULONG_PTR)&Aligned % 32);
    VSPLAB_ASSERT_EQUAL(0, (ULONG_PTR)Line % 64);
    VSPLAB_ASSERT_EQUAL(6, Before + Aligned.Byte + Line[0]);
}

/* ---- Flexible arrays and what a driver does with them ---- */

typedef struct _ONE_OR_MORE {
    ULONG Count;
    UINT64 Items[ANYSIZE_ARRAY];
} ONE_OR_MORE;
C_ASSERT(FIELD_OFFSET(ONE_OR_MORE, Items) == 8 && UFIELD_OFFSET(ONE_OR_MORE, Items[3]) == 32);

typedef struct _NONE_OR_MORE {
    ULONG Count;
    USHORT Items[];
} NONE_OR_MORE;
C_ASSERT(sizeof(NONE_OR_MORE) == 4);

VSPLAB_TEST(FlexibleArrays)
{
    const ULONG Count = 5;
    ONE_OR_MORE *One = ExAllocatePool2(POOL_FLAG_NON_PAGED, FIELD_OFFSET(ONE_OR_MORE, Items[Count]), 'gnaL');
    NONE_OR_MORE *None = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*None) + Count * sizeof(None->Items[0]), 'gnaL');
    ULONG Index;

    VSPLAB_ASSERT(One != NULL && None != NULL);
    for (Index = 0; Index < Count; Index++) {
        One->Items[Index] = (UINT64)Index << 40;
        None->Items[Index] = (USHORT)(Index * 1000);
    }
    VSPLAB_ASSERT_EQUAL(4ull << 40, One->Items[Index - 1]);
    VSPLAB_ASSERT_EQUAL(4000, None->Items[Index - 1]);
    VSPLAB_ASSERT_EQUAL(One, CONTAINING_RECORD(&One->Items, ONE_OR_MORE, Items));
    ExFreePoolWithTag(One, 'gnaL');
    ExFreePoolWithTag(None, 'gnaL');
}
