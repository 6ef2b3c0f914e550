/* What most drivers include. */
#pragma once

#define _NTDDK_

#include <wdm.h>

#include <bugcodes.h>
