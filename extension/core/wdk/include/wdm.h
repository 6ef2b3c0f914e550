/* Kernel types and functions for drivers, written from kmcl-facts 8.4 to 8.6. One file per prefix of the kernel. */
#pragma once

#include <ntdef.h>

#include <intrin.h>
#include <string.h>

#if defined(_MSC_VER)
#include <excpt.h>
#endif

#define _WDM_INCLUDED_
#define _DDK_DRIVER_

#include <wdmdbg.h>
#include <wdmke.h>
#include <wdmex.h>
#include <wdmrtl.h>
#include <wdmmm.h>
#include <wdmob.h>
#include <wdmio.h>
