/* Memory functions: all of them live in string.h. */
#pragma once

#include <string.h>
