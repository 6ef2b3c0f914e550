/* Annotations for drivers: IRQL, locks, ownership, roles. They say nothing to this compiler (kmcl-facts 8.5). */
#pragma once

#include <sal.h>

/* IRQL */
#define _IRQL_requires_(irql)
#define _IRQL_requires_max_(irql)
#define _IRQL_requires_min_(irql)
#define _IRQL_requires_same_
#define _IRQL_raises_(irql)
#define _IRQL_saves_
#define _IRQL_restores_
#define _IRQL_saves_global_(kind, parameter)
#define _IRQL_restores_global_(kind, parameter)
#define _IRQL_always_function_max_(irql)
#define _IRQL_always_function_min_(irql)
#define _IRQL_uses_cancel_
#define _IRQL_is_cancel_

/* Kernel floating point, cancel spin lock, critical regions */
#define _Kernel_float_saved_
#define _Kernel_float_restored_
#define _Kernel_float_used_
#define _Kernel_clear_do_init_(yesno)
#define _Kernel_IoGetDmaAdapter_
#define _Kernel_requires_resource_held_(kind)
#define _Kernel_requires_resource_not_held_(kind)
#define _Kernel_acquires_resource_(kind)
#define _Kernel_releases_resource_(kind)
#define _Requires_no_locks_held_
#define _Dispatch_type_(code)
#define _Drv_dispatchType_other
#define _Drv_strictTypeMatch_(mode)

/* Function roles */
#define __drv_functionClass(name)
#define __drv_dispatchType(code)
#define __drv_dispatchType_other
#define __drv_callbackType(name)
#define __drv_maxIRQL(irql)
#define __drv_minIRQL(irql)
#define __drv_setsIRQL(irql)
#define __drv_raisesIRQL(irql)
#define __drv_requiresIRQL(irql)
#define __drv_maxFunctionIRQL(irql)
#define __drv_minFunctionIRQL(irql)
#define __drv_sameIRQL
#define __drv_savesIRQL
#define __drv_restoresIRQL
#define __drv_isCancelIRQL
#define __drv_useCancelIRQL

/* Ownership of memory and resources */
#define __drv_allocatesMem(kind)
#define __drv_freesMem(kind)
#define __drv_aliasesMem
#define __drv_acquiresResource(kind)
#define __drv_releasesResource(kind)
#define __drv_acquiresCriticalRegion
#define __drv_releasesCriticalRegion
#define __drv_acquiresCancelSpinLock
#define __drv_releasesCancelSpinLock
#define __drv_mustHold(kind)
#define __drv_neverHold(kind)
#define __drv_mustHoldCriticalRegion
#define __drv_neverHoldCriticalRegion
#define __drv_mustHoldCancelSpinLock
#define __drv_neverHoldCancelSpinLock
#define __drv_acquiresExclusiveResource(kind)
#define __drv_releasesExclusiveResource(kind)

/* Combinators and the rest */
#define __drv_arg(expression, annotations)
#define __drv_deref(annotations)
#define __drv_fun(annotations)
#define __drv_in(annotations)
#define __drv_in_deref(annotations)
#define __drv_out(annotations)
#define __drv_out_deref(annotations)
#define __drv_ret(annotations)
#define __drv_when(condition, annotations)
#define __drv_at(expression, annotations)
#define __drv_valueIs(values)
#define __drv_inTry
#define __drv_notInTry
#define __drv_interlocked
#define __drv_constant
#define __drv_nonConstant
#define __drv_strictType(type, mode)
#define __drv_strictTypeMatch(mode)
#define __drv_reportError(text)
#define __drv_preferredFunction(function, why)
#define __drv_notPointer
#define __drv_isObjectPointer
#define __drv_formatString(kind)
#define __drv_completionType(kind)
#define __drv_declspec(what)
#define __drv_unit(kind)
#define __drv_interlockedAccess
#define __drv_clearDoInit
#define __drv_Mode_impl(mode)
#define __internal_kernel_driver
#define __kernel_code
#define __kernel_driver
#define __user_driver
#define __user_code
#define __prefast_operator_new_throws
#define __prefast_operator_new_null
