/*
 * VSP Lab test fixtures: C and C++ tests that drive a driver's own code against a simulated VMBus guest.
 *
 *     #include <vsplab.h>
 *
 *     VSPLAB_TEST(QueuedIndicationSurvivesSave)
 *     {
 *         VMBCHANNEL channel = NicCreateChannel(VspLabDevice());
 *         VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
 *         ...
 *     }
 *
 * Every test runs in a module of its own: globals, pool and channels are fresh. A failed assertion ends the test from
 * any depth. Before a VspLab function returns, everything that is runnable at the simulated time has run, unless held.
 * With any other compiler (VSPLAB is not defined) the tests compile away.
 */
#ifndef VSPLAB_H_
#define VSPLAB_H_

/* A saved channel: the pieces SaveContinue produced, and the guest as it was at SaveEnd. */
typedef struct _VSPLAB_STATE *PVSPLAB_STATE;

#if defined(VSPLAB)

#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

/* ---- Tests ------------------------------------------------------------------------------------------------------- */

#ifdef __cplusplus
#define VSPLAB_EXTERN_ extern "C"
#else
#define VSPLAB_EXTERN_ extern
#endif
#define VSPLAB_USED_ __attribute__((used))
#define VSPLAB_UNUSED_ __attribute__((unused))
#define VSPLAB_FUNCTION_(symbol)                                                                                       \
    VSPLAB_EXTERN_ VOID symbol(VOID);                                                                                  \
    VSPLAB_USED_ VOID symbol(VOID)

/* VSPLAB_TEST(Name) { ... }: one test. Names are unique within a driver. */
#define VSPLAB_TEST(Name) VSPLAB_FUNCTION_(VspLabTest_##Name)

/* VSPLAB_SETUP() { ... } runs before each test of its file, VSPLAB_TEARDOWN() { ... } after each that ran through. */
#define VSPLAB_SETUP() VSPLAB_FUNCTION_(VspLabSetup_)
#define VSPLAB_TEARDOWN() VSPLAB_FUNCTION_(VspLabTeardown_)

/*
 * VSPLAB_CONTEXT(REQUEST) { ... return request; }: makes the context of packet number Index on Channel, for runs
 * without a fixture. The simulator passes the answer to VmbPacketSetPointer.
 */
#define VSPLAB_CONTEXT(StructName)                                                                                     \
    VSPLAB_EXTERN_ StructName *VspLabContext_##StructName(VMBCHANNEL Channel, ULONG Index);                            \
    VSPLAB_USED_ StructName *VspLabContext_##StructName(VSPLAB_UNUSED_ VMBCHANNEL Channel, VSPLAB_UNUSED_ ULONG Index)

/* VSPLAB_TRANSIENT(REQUEST, Retries): this field need not survive save and restore (state-field-lost stays silent). */
#define VSPLAB_TRANSIENT(StructName, Field)                                                                            \
    C_ASSERT(offsetof(StructName, Field) <= sizeof(StructName));                                                       \
    VSPLAB_EXTERN_ const CHAR VspLabTransient_##StructName##_##Field[sizeof(#StructName "." #Field)];                  \
    VSPLAB_USED_ const CHAR VspLabTransient_##StructName##_##Field[sizeof(#StructName "." #Field)] =                   \
        #StructName "." #Field;

/* ---- Assertions: the first that fails ends the test -------------------------------------------------------------- */

#ifdef __cplusplus
extern "C" {
#endif

DECLSPEC_NORETURN VOID VspLabAssertFailed_(PCSTR Expression);
DECLSPEC_NORETURN VOID VspLabAssertEqualFailed_(PCSTR ExpectedText, PCSTR ActualText, UINT64 Expected, UINT64 Actual);
DECLSPEC_NORETURN VOID VspLabAssertStatusFailed_(PCSTR ActualText, NTSTATUS Expected, NTSTATUS Actual);
DECLSPEC_NORETURN VOID VspLabAssertSuccessFailed_(PCSTR ActualText, NTSTATUS Actual);
DECLSPEC_NORETURN VOID VspLabAssertBytesFailed_(PCSTR ExpectedText, PCSTR ActualText, const VOID *Expected,
                                                const VOID *Actual,
                                                UINT64 Length);
VOID VspLabExpectFinding_(PCSTR Rule);
VOID __cdecl VspLabLog_(PCSTR Format, ...);

#ifdef __cplusplus
}

extern "C++" {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wsign-compare"
template <typename A, typename B> inline bool VspLabEqual_(const A &Left, const B &Right) { return Left == Right; }
template <typename A, typename B> inline bool VspLabEqual_(A *const &Left, const B &Right)
{
    return (UINT64)(ULONG_PTR)Left == (UINT64)(ULONG_PTR)Right;
}
template <typename A, typename B> inline bool VspLabEqual_(const A &Left, B *const &Right)
{
    return (UINT64)(ULONG_PTR)Left == (UINT64)(ULONG_PTR)Right;
}
template <typename A, typename B> inline bool VspLabEqual_(A *const &Left, B *const &Right) { return Left == Right; }
#pragma clang diagnostic pop
}
#define VSPLAB_VALUE_OF_ auto
#define VSPLAB_READ_(expression) (expression)
#define VSPLAB_EQUAL_(left, right) VspLabEqual_(left, right)
#else
#define VSPLAB_VALUE_OF_ __auto_type
/* A bit-field has no type of its own until it is read; the expression is spelled once, since it may define a type. */
#define VSPLAB_READ_(expression) ({ (expression); })
#define VSPLAB_EQUAL_(left, right) ((left) == (right))
#endif

/* Holds if the expression is nonzero. */
#define VSPLAB_ASSERT(expression)                                                                                      \
    do {                                                                                                               \
        if (!(expression)) {                                                                                           \
            VspLabAssertFailed_(#expression);                                                                          \
        }                                                                                                              \
    } while (0)

/* Holds if both are equal by ==: integers, enumerations, pointers. Each is evaluated once. */
#define VSPLAB_ASSERT_EQUAL(expected, actual)                                                                          \
    do {                                                                                                               \
        _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wsign-compare\"")                        \
        VSPLAB_VALUE_OF_ vspLabExpected_ = VSPLAB_READ_(expected);                                                     \
        VSPLAB_VALUE_OF_ vspLabActual_ = VSPLAB_READ_(actual);                                                         \
        if (!VSPLAB_EQUAL_(vspLabExpected_, vspLabActual_)) {                                                          \
            VspLabAssertEqualFailed_(#expected, #actual, (UINT64)(ULONG_PTR)vspLabExpected_,                           \
                                     (UINT64)(ULONG_PTR)vspLabActual_);                                                \
        }                                                                                                              \
        _Pragma("clang diagnostic pop")                                                                                \
    } while (0)

/* Holds if the status is exactly the expected one. */
#define VSPLAB_ASSERT_STATUS(expected, actual)                                                                         \
    do {                                                                                                               \
        NTSTATUS vspLabExpected_ = (expected);                                                                         \
        NTSTATUS vspLabActual_ = (actual);                                                                             \
        if (vspLabExpected_ != vspLabActual_) {                                                                        \
            VspLabAssertStatusFailed_(#actual, vspLabExpected_, vspLabActual_);                                        \
        }                                                                                                              \
    } while (0)

/* Holds if NT_SUCCESS(status). */
#define VSPLAB_ASSERT_SUCCESS(status)                                                                                  \
    do {                                                                                                               \
        NTSTATUS vspLabActual_ = (status);                                                                             \
        if (!NT_SUCCESS(vspLabActual_)) {                                                                              \
            VspLabAssertSuccessFailed_(#status, vspLabActual_);                                                        \
        }                                                                                                              \
    } while (0)

/* Holds if `length` bytes at both addresses are the same. */
#define VSPLAB_ASSERT_BYTES(expected, actual, length)                                                                  \
    do {                                                                                                               \
        const VOID *vspLabExpected_ = (expected);                                                                      \
        const VOID *vspLabActual_ = (actual);                                                                          \
        SIZE_T vspLabLength_ = (SIZE_T)(length);                                                                       \
        if (memcmp(vspLabExpected_, vspLabActual_, vspLabLength_) != 0) {                                              \
            VspLabAssertBytesFailed_(#expected, #actual, vspLabExpected_, vspLabActual_, vspLabLength_);               \
        }                                                                                                              \
    } while (0)

/* This test must produce a finding of the rule, which is then no failure: VSPLAB_EXPECT_FINDING(savepkt-full-init). */
#define VSPLAB_EXPECT_FINDING(rule) VspLabExpectFinding_(#rule)

/* A line of output, formatted as by DbgPrint. */
#define VSPLAB_LOG(...) VspLabLog_(__VA_ARGS__)

/* ---- The host ---------------------------------------------------------------------------------------------------- */

#ifdef __cplusplus
extern "C" {
#endif

/* The device object to give to VmbChannelAllocate. */
PDEVICE_OBJECT VspLabDevice(VOID);

/* User-mode VMBus handle of this test's VM, for VmbConvertVmbusHandleToKernelHandle. */
HANDLE VspLabVmbusHandle(VOID);

/* A new host: driver globals, pool, WDF objects and channels begin afresh. Saved states and the guest live on. */
VOID VspLabRestartHost(VOID);

/* ---- The guest: it acts only when told --------------------------------------------------------------------------- */

/*
 * The guest accepts the offer: EvtChannelOpened runs. Started and PostStarted follow here only if VmbChannelStart was
 * called before, else inside VmbChannelStart. Returns the status of Opened. On a channel restored by VspLabRestore the
 * saved rings resume.
 */
NTSTATUS VspLabGuestOpenChannel(VMBCHANNEL Server);
VOID VspLabGuestCloseChannel(VMBCHANNEL Server);

/* Data bytes of each ring, before the channel is opened: a multiple of 4096, by default 65,536. */
VOID VspLabGuestSetRingSize(VMBCHANNEL Server, UINT32 Bytes);

/* Sends a packet to the host. Returns its transaction id, 0 when the ring is full. */
UINT64 VspLabGuestSend(VMBCHANNEL Server, const VOID *Buffer, UINT32 Length, BOOLEAN WantsCompletion);

/* The same with guest memory attached as external data. */
UINT64 VspLabGuestSendExternal(VMBCHANNEL Server, const VOID *Buffer, UINT32 Length, PVOID Data, UINT32 DataLength,
                               BOOLEAN WantsCompletion);

/* Takes the next data packet from the host, if any. *TransactionId is 0 if the host waits for no completion. */
BOOLEAN VspLabGuestReceive(VMBCHANNEL Server, PVOID Buffer, UINT32 Capacity, PUINT32 Length, PUINT64 TransactionId);

/* What the VSP answered to a packet of VspLabGuestSend; FALSE while it has not. */
BOOLEAN VspLabGuestGetCompletion(VMBCHANNEL Server, UINT64 TransactionId, PVOID Buffer, UINT32 Capacity,
                                 PUINT32 Length);

/* Completes a packet taken by VspLabGuestReceive. */
VOID VspLabGuestComplete(VMBCHANNEL Server, UINT64 TransactionId, const VOID *Buffer, UINT32 Length);

/* Takes and completes until nothing more can be taken; never waits. */
VOID VspLabGuestCompleteAll(VMBCHANNEL Server);

/* A GPADL the driver can map by VmbChannelMapGpadl. Returns its handle. */
UINT32 VspLabGuestCreateGpadl(VMBCHANNEL Server, UINT32 Pages, BOOLEAN ReadOnly);

/* Outgoing packets in use: queued and in flight. */
UINT32 VspLabInFlight(VMBCHANNEL Server);

/* ---- Save and restore -------------------------------------------------------------------------------------------- */

/* SaveBegin, SaveContinue until done, SaveEnd; buffers of ChunkBufferSize bytes, 0 = 4096 and growing. */
NTSTATUS VspLabSave(VMBCHANNEL Server, ULONG ChunkBufferSize, PVSPLAB_STATE *State);

/* RestoreFromBuffer piece by piece. The guest of the state is then at the channel, still unopened. */
NTSTATUS VspLabRestore(VMBCHANNEL Fresh, PVSPLAB_STATE State);

/* A state from bytes: damaged or crafted ones, or VspLabStateBytes kept from another run. */
NTSTATUS VspLabStateFromBytes(PVOID Bytes, ULONG Length, PVSPLAB_STATE *State);
ULONG VspLabStateSize(PVSPLAB_STATE State);
PVOID VspLabStateBytes(PVSPLAB_STATE State);
VOID VspLabFreeState(PVSPLAB_STATE State);

/* ---- Failures, time, work ---------------------------------------------------------------------------------------- */

/* The next SkipCount allocations (pool, packets, WDF objects) succeed, the FailCount after them fail. */
VOID VspLabFailAllocations(ULONG SkipCount, ULONG FailCount);

/* The next call of the named function fails with this status: VspLabFailNext("VmbPacketSend", STATUS_UNSUCCESSFUL). Any
 * simulated function that answers an NTSTATUS can be named, or NULL where it fails. */
VOID VspLabFailNext(PCSTR Function, NTSTATUS Status);

/* Lets simulated time pass: timers fire in order. */
VOID VspLabAdvanceTime(LONGLONG HundredNs);

/* Runs what is runnable now: DPCs, work items, threads. */
VOID VspLabRunPending(VOID);

/* TRUE: nothing runs by itself until FALSE. */
VOID VspLabHoldWork(BOOLEAN Hold);

KIRQL VspLabIrql(VOID);

/* ---- Whole WDF drivers ------------------------------------------------------------------------------------------- */

typedef struct WDFDEVICE__ *WDFDEVICE;

NTSTATUS VspLabLoadDriver(PDRIVER_INITIALIZE Entry);
NTSTATUS VspLabAddDevice(WDFDEVICE *Device);
NTSTATUS VspLabDeviceControl(WDFDEVICE Device, ULONG Code, PVOID In, ULONG InLength, PVOID Out, ULONG OutLength,
                             PULONG Returned);
VMBCHANNEL VspLabChannel(ULONG Index);
VOID VspLabUnloadDriver(VOID);

#ifdef __cplusplus
}
#endif

#else /* another compiler: nothing of this reaches the driver */

#if defined(__GNUC__) || defined(__clang__)
#define VSPLAB_UNUSED_ __attribute__((unused))
#else
#define VSPLAB_UNUSED_
#endif

/* Never called, so nothing of them is emitted; but what they use counts as used. */
#define VSPLAB_TEST(Name) VSPLAB_UNUSED_ static __inline void VspLabTest_##Name(void)
#define VSPLAB_SETUP() VSPLAB_UNUSED_ static __inline void VspLabSetup_(void)
#define VSPLAB_TEARDOWN() VSPLAB_UNUSED_ static __inline void VspLabTeardown_(void)
#ifdef __cplusplus
#define VSPLAB_CONTEXT(StructName)                                                                                     \
    template <typename VspLabNever_>                                                                                   \
    StructName *VspLabContext_##StructName(VSPLAB_UNUSED_ VspLabNever_ Channel, VSPLAB_UNUSED_ unsigned long Index)
#else
#define VSPLAB_CONTEXT(StructName)                                                                                     \
    VSPLAB_UNUSED_ static __inline StructName *VspLabContext_##StructName(VSPLAB_UNUSED_ void *Channel,                \
                                                                          VSPLAB_UNUSED_ unsigned long Index)
#endif
#define VSPLAB_TRANSIENT(StructName, Field)
#define VSPLAB_LOG(...) ((void)0)
#define VSPLAB_EXPECT_FINDING(rule) ((void)0)
#define VSPLAB_ASSERT(expression) ((void)(expression))
#define VSPLAB_ASSERT_EQUAL(expected, actual) ((void)(expected), (void)(actual))
#define VSPLAB_ASSERT_STATUS(expected, actual) ((void)(expected), (void)(actual))
#define VSPLAB_ASSERT_SUCCESS(status) ((void)(status))
#define VSPLAB_ASSERT_BYTES(expected, actual, length) ((void)(expected), (void)(actual), (void)(length))

#define VspLabDevice() 0
#define VspLabVmbusHandle() 0
#define VspLabRestartHost() ((void)0)
#define VspLabGuestOpenChannel(Server) ((void)(Server), 0)
#define VspLabGuestCloseChannel(Server) ((void)(Server))
#define VspLabGuestSetRingSize(Server, Bytes) ((void)(Server), (void)(Bytes))
#define VspLabGuestSend(Server, Buffer, Length, WantsCompletion)                                                       \
    ((void)(Server), (void)(Buffer), (void)(Length), (void)(WantsCompletion), 0)
#define VspLabGuestSendExternal(Server, Buffer, Length, Data, DataLength, WantsCompletion)                             \
    ((void)(Server), (void)(Buffer), (void)(Length), (void)(Data), (void)(DataLength), (void)(WantsCompletion), 0)
#define VspLabGuestReceive(Server, Buffer, Capacity, Length, TransactionId)                                            \
    ((void)(Server), (void)(Buffer), (void)(Capacity), (void)(Length), (void)(TransactionId), 0)
#define VspLabGuestGetCompletion(Server, TransactionId, Buffer, Capacity, Length)                                      \
    ((void)(Server), (void)(TransactionId), (void)(Buffer), (void)(Capacity), (void)(Length), 0)
#define VspLabGuestComplete(Server, TransactionId, Buffer, Length)                                                     \
    ((void)(Server), (void)(TransactionId), (void)(Buffer), (void)(Length))
#define VspLabGuestCompleteAll(Server) ((void)(Server))
#define VspLabGuestCreateGpadl(Server, Pages, ReadOnly) ((void)(Server), (void)(Pages), (void)(ReadOnly), 0)
#define VspLabInFlight(Server) ((void)(Server), 0)
#define VspLabSave(Server, ChunkBufferSize, State) ((void)(Server), (void)(ChunkBufferSize), (void)(State), 0)
#define VspLabRestore(Fresh, State) ((void)(Fresh), (void)(State), 0)
#define VspLabStateFromBytes(Bytes, Length, State) ((void)(Bytes), (void)(Length), (void)(State), 0)
#define VspLabStateSize(State) ((void)(State), 0)
#define VspLabStateBytes(State) ((void)(State), (void *)0)
#define VspLabFreeState(State) ((void)(State))
#define VspLabFailAllocations(SkipCount, FailCount) ((void)(SkipCount), (void)(FailCount))
#define VspLabFailNext(Function, Status) ((void)(Function), (void)(Status))
#define VspLabAdvanceTime(HundredNs) ((void)(HundredNs))
#define VspLabRunPending() ((void)0)
#define VspLabHoldWork(Hold) ((void)(Hold))
#define VspLabIrql() 0
#define VspLabLoadDriver(Entry) ((void)(Entry), 0)
#define VspLabAddDevice(Device) ((void)(Device), 0)
#define VspLabDeviceControl(Device, Code, In, InLength, Out, OutLength, Returned)                                      \
    ((void)(Device), (void)(Code), (void)(In), (void)(InLength), (void)(Out), (void)(OutLength), (void)(Returned), 0)
#define VspLabChannel(Index) 0
#define VspLabUnloadDriver() ((void)0)

#endif
#endif
