/* Annotations for kernel code: all of them live in driverspecs.h. */
#pragma once

#include <driverspecs.h>
