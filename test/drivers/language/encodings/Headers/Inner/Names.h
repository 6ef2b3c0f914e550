/* Found whatever case and slashes its name is written with. */
#pragma once

#include <ntddk.h>

#include "..\OUTER.H"

#define NAMED_VALUE (OUTER_VALUE + 7)
