/*
 * What C++ code compiled for MSVC expects of its run-time library: no exceptions, no RTTI, no thread-safe statics.
 * operator new and delete are the driver's to define; a deleting destructor of an object nobody deletes still names
 * operator delete, so the sized and unsized forms exist here and end the test when they are reached.
 */
#include "kernel.h"

#if VSP_MODULE

/* Destructors of statics: a module never ends. */
int atexit(void (*function)(void))
{
    (void)function;
    return 0;
}

int __cxa_atexit(void (*function)(void *), void *argument, void *handle)
{
    (void)function;
    (void)argument;
    (void)handle;
    return 0;
}

_Noreturn void _purecall(void)
{
    vsp_fault(VSP_FAULT_UNSUPPORTED, (uint64_t) "a call of a pure virtual function", 0, 0);
}

/* Thread-safe statics: `guard` is 0 before, -1 during initialisation, an epoch after it. */
int _Init_thread_epoch = (int)0x80000000;

void _Init_thread_header(int *guard)
{
    if (*guard == 0) {
        *guard = -1;
    } else if (*guard == -1) {
        vsp_fault(VSP_FAULT_DEADLOCK, (uint64_t)guard, 0, 0);
    }
}

void _Init_thread_footer(int *guard)
{
    *guard = ++_Init_thread_epoch;
}

void _Init_thread_abort(int *guard)
{
    *guard = 0;
}

/* Vtable of type_info, named by RTTI data even where nothing reads it. */
const void *const vsp_type_info_vtable[1] __asm__("??_7type_info@@6B@") = {NULL};

/* operator delete(void *) and operator delete(void *, size_t); a definition of the driver's wins. */
__attribute__((weak)) void vsp_operator_delete(void *p) __asm__("??3@YAXPEAX@Z");
__attribute__((weak)) void vsp_operator_delete(void *p)
{
    if (p != NULL) {
        vsp_fault(VSP_FAULT_UNSUPPORTED, (uint64_t) "operator delete, which this driver does not define", 0, 0);
    }
}

__attribute__((weak)) void vsp_operator_delete_sized(void *p, size_t size) __asm__("??3@YAXPEAX_K@Z");
__attribute__((weak)) void vsp_operator_delete_sized(void *p, size_t size)
{
    (void)size;
    if (p != NULL) {
        vsp_fault(VSP_FAULT_UNSUPPORTED, (uint64_t) "operator delete, which this driver does not define", 0, 0);
    }
}

#endif
