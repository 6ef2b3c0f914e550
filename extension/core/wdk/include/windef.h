/* Windows types: all of them live in ntdef.h. */
#pragma once

#include <ntdef.h>
