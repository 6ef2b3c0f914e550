/* TraceLogging: events are recorded nowhere. */
#pragma once

#define TRACELOGGING_DECLARE_PROVIDER(handle) extern int handle
#define TRACELOGGING_DEFINE_PROVIDER(handle, name, ...) int handle
#define TraceLoggingRegister(...) (0)
#define TraceLoggingRegisterEx(...) (0)
#define TraceLoggingUnregister(handle) ((void)(handle))
#define TraceLoggingProviderEnabled(handle, level, keyword) (0)
#define TraceLoggingWrite(...) ((void)0)
#define TraceLoggingWriteActivity(...) ((void)0)
#define TraceLoggingOptionGroup(...)
