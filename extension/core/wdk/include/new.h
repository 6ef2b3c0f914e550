/* Placement new: it lives in <new>. */
#pragma once

#ifdef __cplusplus
#include <new>
#endif
