/* What both files of this driver share. */
#pragma once

#include <ntddk.h>
#include <new>

/* A driver's own operators over pool. */
void *__cdecl operator new(size_t size, POOL_FLAGS flags, ULONG tag) noexcept;
void __cdecl operator delete(void *block, ULONG tag) noexcept;
void __cdecl operator delete(void *block, size_t size) noexcept;

class Shape {
public:
    explicit Shape(ULONG sides) : m_sides(sides)
    {
        s_alive++;
    }
    virtual ~Shape()
    {
        s_alive--;
    }
    virtual ULONG Area() const = 0;
    virtual PCSTR Name() const
    {
        return "shape";
    }
    ULONG Sides() const
    {
        return m_sides;
    }
    static inline LONG s_alive = 0;

private:
    ULONG m_sides;
};

class Rectangle : public Shape {
public:
    Rectangle(ULONG width, ULONG height) : Shape(4), m_width(width), m_height(height)
    {
    }
    ULONG Area() const override;
    PCSTR Name() const override
    {
        return "rectangle";
    }

protected:
    ULONG m_width;
    ULONG m_height;
};

Shape *MakeSquare(ULONG side);

template <typename T> T Largest(T first, T second)
{
    return first < second ? second : first;
}

inline ULONG InBothFiles()
{
    static ULONG calls; /* one object, whichever file asks */
    return ++calls;
}
ULONG CallInOther();
