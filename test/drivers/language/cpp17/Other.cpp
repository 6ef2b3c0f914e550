/* The other file: the definitions, and the same inline functions once more. */
#include "Classes.h"

void *__cdecl operator new(size_t size, POOL_FLAGS flags, ULONG tag) noexcept
{
    return ExAllocatePool2(flags, size, tag);
}

void __cdecl operator delete(void *block, ULONG) noexcept
{
    ExFreePool(block);
}

void __cdecl operator delete(void *block, size_t) noexcept
{
    if (block != nullptr) {
        ExFreePool(block);
    }
}

ULONG Rectangle::Area() const
{
    return m_width * m_height;
}

namespace {
class Square final : public Rectangle {
public:
    explicit Square(ULONG side) : Rectangle(side, side)
    {
    }
    PCSTR Name() const override
    {
        return "square";
    }
};
} // namespace

Shape *MakeSquare(ULONG side)
{
    return new (POOL_FLAG_NON_PAGED, 'ppcL') Square(side);
}

ULONG CallInOther()
{
    return InBothFiles() + Largest<ULONG>(0, 100);
}
