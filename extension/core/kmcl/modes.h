/*
 * One named mode per ambiguity of kmcl-facts (4.7, 5.6, 6.8) that has a selectable behaviour.
 *
 * vsp_lasting.modes[] is indexed by enum vsp_mode; value 0 is always the sheet's simulator default.
 * extension/core/kmcl/modes.ts mirrors ids, value names and their numbers (`--mode S-10=buffer`).
 */
#pragma once

enum vsp_mode {
    VSP_MODE_A05 = 0, /* fate of outgoing packets on close: enum vsp_mode_a05 */
    VSP_MODE_A07,     /* ProcessPacket and PostStarted: enum vsp_mode_a07 (TypeScript) */
    VSP_MODE_A08,     /* packets queued while the channel is closed: enum vsp_mode_a08 */
    VSP_MODE_A13,     /* completion routine of a send without WAIT_FOR_COMPLETION: enum vsp_mode_a13 */
    VSP_MODE_A14,     /* caller's inline buffer after Send: enum vsp_mode_a14 */
    VSP_MODE_A19,     /* ProcessPacket Buffer: enum vsp_mode_a19 */
    VSP_MODE_A20,     /* BufferLength of an incoming packet: enum vsp_mode_a20 */
    VSP_MODE_A27,     /* MMIO setter with both amounts zero: enum vsp_mode_a27 (TypeScript) */
    VSP_MODE_A36,     /* concurrency: enum vsp_mode_a36 (TypeScript) */
    VSP_MODE_A37,     /* delivery order: enum vsp_mode_a37 */
    VSP_MODE_EXTERNAL, /* 5.5: answer of GetExternalData: enum vsp_mode_external; id "EXTERNAL" */
    VSP_MODE_S02,     /* SaveBegin on an active channel: enum vsp_mode_s02 */
    VSP_MODE_S03,     /* which call runs the queries: enum vsp_mode_s03 */
    VSP_MODE_S04,     /* order of packets in the save: enum vsp_mode_s04 */
    VSP_MODE_S05,     /* SaveBuf of the query: enum vsp_mode_s05 */
    VSP_MODE_S08,     /* query fails with BytesNeeded 0: enum vsp_mode_s08 */
    VSP_MODE_S10,     /* bytes persisted and SaveBufSize of the restore: enum vsp_mode_s10 */
    VSP_MODE_S12,     /* write pass wants more: enum vsp_mode_s12 */
    VSP_MODE_S14,     /* repetitions of the query: enum vsp_mode_s14 */
    VSP_MODE_S17,     /* SaveBuf of a zero-size restore: enum vsp_mode_s17 */
    VSP_MODE_S25,     /* RestorePacket and Opened: enum vsp_mode_s25 (TypeScript) */
    VSP_MODE_S25_ORDER, /* order of RestorePacket calls within one buffer: enum vsp_mode_s25_order; id "S-25-ORDER" */
    VSP_MODE_S29,     /* completion right after VmbPacketRestore: enum vsp_mode_s29 */
    VSP_MODE_S32,     /* saved packets of a FORCE_NEW_CHANNEL channel: enum vsp_mode_s32 */
    VSP_MODE_S35,     /* mutation of SaveBuf on restore: enum vsp_mode_s35 */
    VSP_MODE_COUNT
};

enum vsp_mode_a05 { VSP_A05_CANCELLED = 0, VSP_A05_DEVICE_REMOVED = 1 };
enum vsp_mode_a07 { VSP_A07_RANDOM = 0, VSP_A07_BEFORE = 1, VSP_A07_DURING = 2, VSP_A07_AFTER = 3 };
enum vsp_mode_a08 { VSP_A08_KEEP = 0, VSP_A08_FAIL = 1 };
enum vsp_mode_a13 { VSP_A13_INLINE = 0, VSP_A13_DEFERRED = 1 };
enum vsp_mode_a14 { VSP_A14_COPY = 0, VSP_A14_STRICT = 1 };
enum vsp_mode_a19 { VSP_A19_COPY = 0, VSP_A19_HOSTILE = 1 };
enum vsp_mode_a20 { VSP_A20_ROUNDED = 0, VSP_A20_EXACT = 1 };
enum vsp_mode_a27 { VSP_A27_INVALID_PARAMETER = 0, VSP_A27_INVALID_PARAMETER_2 = 1 };
enum vsp_mode_a36 { VSP_A36_SERIAL = 0, VSP_A36_OVERLAP = 1 };
enum vsp_mode_a37 { VSP_A37_FIFO = 0, VSP_A37_SHUFFLE = 1 };
enum vsp_mode_external { VSP_EXTERNAL_READY = 0, VSP_EXTERNAL_PENDING = 1, VSP_EXTERNAL_FAIL = 2 };
enum vsp_mode_s02 { VSP_S02_REPORT = 0, VSP_S02_STRICT = 1 };
enum vsp_mode_s03 { VSP_S03_CONTINUE = 0, VSP_S03_BEGIN = 1 };
enum vsp_mode_s04 { VSP_S04_SEND_ORDER = 0, VSP_S04_SHUFFLE = 1 };
enum vsp_mode_s05 { VSP_S05_RANDOM = 0, VSP_S05_NULL = 1, VSP_S05_GUARD = 2, VSP_S05_VALID = 3 };
enum vsp_mode_s08 { VSP_S08_ABORT = 0, VSP_S08_CALL_AGAIN = 1 };
/* Alternate: N bytes persisted, restore gets N or the write pass's buffer size (tail zero) in turn.
 * Buffer: SaveBufSize bytes persisted and handed back. Exact: buffer is N, N persisted, N handed back. */
enum vsp_mode_s10 { VSP_S10_ALTERNATE = 0, VSP_S10_BUFFER = 1, VSP_S10_EXACT = 2 };
enum vsp_mode_s12 { VSP_S12_RETRY = 0, VSP_S12_ABORT = 1 };
enum vsp_mode_s14 { VSP_S14_RANDOM = 0, VSP_S14_ONCE = 1, VSP_S14_THRICE = 2 }; /* random is once with checks off */
enum vsp_mode_s17 { VSP_S17_ALTERNATE = 0, VSP_S17_NULL = 1, VSP_S17_VALID = 2 };
enum vsp_mode_s25 { VSP_S25_RESTORE_FIRST = 0, VSP_S25_OPEN_FIRST = 1 };
enum vsp_mode_s25_order { VSP_S25_SAVE_ORDER = 0, VSP_S25_SHUFFLE = 1 };
enum vsp_mode_s29 { VSP_S29_NEVER = 0, VSP_S29_AT_ONCE = 1 };
enum vsp_mode_s32 { VSP_S32_DROP = 0, VSP_S32_KEEP = 1 };
enum vsp_mode_s35 { VSP_S35_OFF = 0, VSP_S35_TRUNCATE = 1, VSP_S35_FLIP = 2, VSP_S35_EMPTY = 3 };
