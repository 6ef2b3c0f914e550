/*
 * The saved stream (simulated format: the real one is unpublished) and the state of a save and of a restore.
 *
 * A stream is a row of whole chunks: one channel chunk, one packet chunk per packet in use, one completion chunk per
 * answer that still waits for room in the guest's ring. Every chunk is a head, the library's bytes and the VSP's bytes,
 * both padded to 8.
 */
#pragma once

#include "library.h"

#define VSP_CHUNK_CHANNEL 0x4856u    /* 'VH' */
#define VSP_CHUNK_PACKET 0x5056u     /* 'VP' */
#define VSP_CHUNK_COMPLETION 0x4356u /* 'VC' */

struct vsp_stream_chunk {
    uint16_t kind;
    uint16_t check; /* vsp_chunk_check */
    uint32_t library_size; /* bytes of the library's part */
    uint32_t state_size;   /* bytes persisted for the VSP */
    uint32_t buffer_size;  /* SaveBufSize of the write pass */
};
#define VSP_CHUNK_HEAD 16u /* sizeof(struct vsp_stream_chunk) */
#define VSP_STREAM_VERSION 1u

/* Of a chunk's sizes, its place in the stream (from 0) and the version: a damaged size must not make the library ask
 * for memory, and a piece that was left out is missed. Any one changed byte changes it. */
static inline uint16_t vsp_chunk_check(uint32_t library_size, uint32_t state_size, uint32_t buffer_size, uint32_t place)
{
    const uint32_t mixed =
        library_size ^ (state_size << 5 | state_size >> 27) ^ (buffer_size << 11 | buffer_size >> 21);
    return (uint16_t)(VSP_STREAM_VERSION ^ place ^ mixed ^ mixed >> 16);
}

static inline uint64_t vsp_chunk_size(const struct vsp_stream_chunk *chunk)
{
    return sizeof *chunk + vsp_round_up(chunk->library_size, 8) + vsp_round_up(chunk->state_size, 8);
}

/* Library bytes of a channel chunk: 4 words
 *   channel index, running number of the channel's saves | packets, completions | max packet size, server flags | 0,
 * checksum */
#define VSP_SAVED_CHANNEL_WORDS 4u
struct vsp_saved_channel {
    uint32_t channel;
    uint32_t save;
    uint32_t packets;
    uint32_t completions;
    uint32_t max_packet_size;
    uint32_t server_flags;
};

/* LibBuf, what VmbPacketRestore needs: 4 words, then a queued packet's inline bytes
 *   version | flags << 16, size of the whole | transaction id | inline length, max packet size | index, checksum
 * `index` is the position in the channel's first save, VSP_NONE for a packet that was not part of it. */
#define VSP_SAVED_PACKET_WORDS 4u
#define VSP_SAVED_PACKET_BYTES 32u
struct vsp_saved_packet {
    uint32_t version;
    uint32_t flags; /* VSP_SAVED_* */
    uint32_t size;
    uint32_t length;
    uint64_t transaction;
    uint32_t max_packet_size;
    uint32_t index;
};
#define VSP_SAVED_QUEUED 0x1u
#define VSP_SAVED_WAIT 0x2u

/* Library bytes of a completion chunk: 2 words, then the bytes: transaction id | length, checksum */
#define VSP_SAVED_COMPLETION_WORDS 2u
#define VSP_SAVED_COMPLETION_BYTES 16u

#define VSP_CHECKSUM_FACTOR 0x9E3779B97F4A7C15ull

/* Word by word; the last word is padded with zeros. Not FNV, but in its manner: it has to find damage, not malice. */
static inline uint64_t vsp_checksum(uint64_t seed, const void *bytes, uint64_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = seed ^ size;
    uint64_t word;
    for (; size >= 8; size -= 8, at += 8) {
        __builtin_memcpy(&word, at, 8);
        hash = (hash ^ word) * VSP_CHECKSUM_FACTOR;
        hash ^= hash >> 29;
    }
    word = 0;
    vsp_copy(&word, at, size);
    hash = (hash ^ word) * VSP_CHECKSUM_FACTOR;
    return hash ^ hash >> 32;
}
#define VSP_CHECKSUM_SEED 0x56535053u

/* The library's records are written as words, checksum in the last one's upper half: what a narrower store wrote a
 * moment ago cannot be read back as a word without a stall. */
static inline uint64_t vsp_pack(uint32_t low, uint32_t high)
{
    return low | (uint64_t)high << 32;
}

/* Stores `count` words whose last upper half is still free; the checksum of them and of `tail` goes there. */
static inline void vsp_store_record(uint8_t *to, uint64_t *words, uint32_t count, const void *tail, uint32_t tail_size)
{
    uint64_t hash = VSP_CHECKSUM_SEED;
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ words[i]) * VSP_CHECKSUM_FACTOR;
        hash ^= hash >> 29;
    }
    if (tail_size != 0) {
        hash = vsp_checksum(hash, tail, tail_size);
    }
    words[count - 1] |= hash & 0xFFFFFFFF00000000ull;
    for (uint32_t i = 0; i < count; i++) {
        __builtin_memcpy(to + i * 8, &words[i], 8);
    }
}

/* Loads what vsp_store_record stored; 0 = damaged. */
static inline uint32_t vsp_load_record(const uint8_t *from, uint64_t *words, uint32_t count, const void *tail,
                                       uint32_t tail_size)
{
    uint64_t hash = VSP_CHECKSUM_SEED;
    uint64_t stored = 0;
    for (uint32_t i = 0; i < count; i++) {
        __builtin_memcpy(&words[i], from + i * 8, 8);
        if (i == count - 1) {
            stored = words[i] >> 32;
            words[i] &= 0xFFFFFFFFull;
        }
        hash = (hash ^ words[i]) * VSP_CHECKSUM_FACTOR;
        hash ^= hash >> 29;
    }
    if (tail_size != 0) {
        hash = vsp_checksum(hash, tail, tail_size);
    }
    return hash >> 32 == stored;
}

/* Details of restorepkt-libbuf. */
#define VSP_LIBBUF_OUTSIDE 0u /* VmbPacketRestore outside the restore callback */
#define VSP_LIBBUF_UNUSED 1u  /* the callback succeeded without it */
#define VSP_LIBBUF_TWICE 2u
#define VSP_LIBBUF_OTHER 3u   /* other bytes, or another number of them */
#define VSP_LIBBUF_WRITTEN 4u /* the callback changed LibBuf itself */

/* Details of save-persist-filled and save-boundaries: the length of the piece, and above it the bytes behind it, so many at
 * most that the whole is an exact number in TypeScript. */
#define VSP_DETAIL_REST 0xFFFFFu

/* Details of savepkt-idempotent: what a repeated call did otherwise. */
#define VSP_DETAIL_ANSWERS 0u /* status or *BytesNeeded */
#define VSP_DETAIL_BYTES 1u   /* bytes stored */
#define VSP_DETAIL_CONTEXT 2u /* it changed the packet's context */

#define VSP_UNSET 0xCDCDCDCDu /* preset of *BytesNeeded (S-06) */
#define VSP_FILL 0xA5u        /* of SaveBuf before the write pass (S-11) */
#define VSP_FILL_AGAIN 0x5Au
#define VSP_PROBE_BYTES 64u   /* of SaveBuf in a query that may be touched but must not */

/* Answer of a query, kept until its packet is written. */
struct vsp_query {
    vsp_status status;
    uint32_t needed;
};

enum vsp_save_phase { VSP_SAVE_HEAD, VSP_SAVE_PACKETS, VSP_SAVE_COMPLETIONS, VSP_SAVE_DONE, VSP_SAVE_FAILED };

struct vsp_save {
    struct vsp_scope scope;
    enum vsp_save_phase phase;
    vsp_status failure; /* what ended it */
    uint32_t number;    /* of the channel's saves */
    uint32_t first;     /* nonzero: fills records */
    uint32_t count;     /* packets */
    uint32_t index;     /* of the current packet in save order */
    uint32_t cursor;    /* of vsp_table_walk */
    uint32_t required;  /* of the last SaveContinue */
    uint32_t completions;
    uint32_t chunks; /* emitted */
    uint32_t location; /* user position of SaveBegin */
    uint64_t offset; /* in the stream */
    struct vsp_queued *next_completion;
    struct vsp_packet **order; /* S-04 shuffle */
    struct vsp_query *queries; /* S-03 begin */
    struct vsp_packet *packet; /* current one */
    struct vsp_query query;
    uint32_t queried;
    uint32_t buffer_size; /* SaveBufSize of its write pass */
    uint32_t bound;       /* most bytes its VSP part can take */
    uint32_t *needed;     /* *BytesNeeded, memory the driver may touch */
    uint32_t noted;       /* stores of its write pass were (touched.c) */
    uint8_t *probe;       /* S-05: SaveBuf of a query that may be touched but must not */
    uint8_t *first_pass;  /* checks on: what the first write pass stored */
    uint32_t first_pass_size;
    uint8_t *scratch;     /* SaveBuf with checks off, canary behind it */
    uint32_t scratch_size;
    uint32_t log; /* index in the log of saves */
};

struct vsp_restore {
    struct vsp_scope scope;
    struct vsp_saved_channel head;
    uint32_t started; /* head seen */
    uint32_t packets;
    uint32_t completions;
    uint32_t finished;
    uint32_t refused; /* a buffer was no row of whole chunks */
    uint32_t record_base; /* of the origin's first save, VSP_NONE */
    /* the callback now running */
    const uint8_t *given; /* the library's own copy of LibBuf */
    uint32_t given_size;
    uint32_t restores; /* VmbPacketRestore calls */
    vsp_status result; /* of the last */
    uint32_t told; /* restorepkt-libbuf was reported */
    struct vsp_packet *packet;
    uint8_t *scratch;
    uint32_t scratch_size;
};

#define VSP_TAG_SAVE 0x53426D56u    /* 'VmBS': SaveBuf */
#define VSP_TAG_LIBRARY 0x4C426D56u /* 'VmBL': LibBuf */
#define VSP_TAG_NEEDED 0x4E426D56u  /* 'VmBN': *BytesNeeded */

/* savepacket.c; both run inside the scope that the caller opened for a row of callbacks */
vsp_status vsp_query_packet(struct vsp_channel *channel, struct vsp_save *save, struct vsp_packet *packet,
                            struct vsp_query *query);
/* Runs the write pass of save->packet and puts its state bytes at `to`, which has room for save->bound. *size =
 * persisted bytes. STATUS_RETRY: the packet grew, save->bound was raised; ask for room again. */
vsp_status vsp_write_packet(struct vsp_channel *channel, struct vsp_save *save, uint8_t *to, uint32_t *size);
void vsp_choose_buffer(struct vsp_save *save, uint32_t needed);
#define STATUS_RETRY VSP_STATUS(0xC000022Du)

/* restorepacket.c: one RestorePacket call for a packet chunk whose library bytes lie at `library`, its state bytes
 * behind. */
vsp_status vsp_call_restore(struct vsp_channel *channel, struct vsp_restore *restore,
                            const struct vsp_stream_chunk *chunk, const uint8_t *library);

/* savechunks.c: one chunk at `to`, which has room for it. */
void vsp_emit_head(const struct vsp_channel *channel, struct vsp_save *save, uint8_t *to);
/* Runs the write pass straight into the chunk's place; *size = bytes of the chunk. */
vsp_status vsp_emit_packet(struct vsp_channel *channel, struct vsp_save *save, uint8_t *to, uint64_t *size);
void vsp_emit_completion(struct vsp_save *save, uint8_t *to); /* save->next_completion */
uint32_t vsp_library_bytes(const struct vsp_packet *packet); /* LibBufSize of a packet */
