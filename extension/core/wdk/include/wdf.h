/* Kernel-Mode Driver Framework: the objects VMBus drivers use (kmcl-facts 8.7). Plain functions; no function table. */
#pragma once

#include <wdfobject.h>
#include <wdfdriver.h>
#include <wdfdevice.h>
#include <wdfio.h>
#include <wdfsync.h>
#include <wdfmemory.h>
