/* Buffer annotations: all of them live in sal.h. */
#pragma once

#include <sal.h>
