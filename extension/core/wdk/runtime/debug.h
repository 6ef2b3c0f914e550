/*
 * What a driver compiled for debugging (toolchain/passes/debugHooks.ts) and the debugger (core/debug/control.ts) share.
 *
 * Nothing of it may move anything the driver can see: a run must be the same with and without a debugger. So all state
 * lies in the null zone, which is never valid memory and holds nothing else, and the hooks have no variables on the
 * stack. A driver that writes near NULL with checks off confuses its debugger, not its run. A stack that overflows grows
 * into the zone: the hooks are silent from there on.
 */
#pragma once

#include <stdint.h>

#define VSP_DEBUG_CONTROL 0x1800u /* struct vsp_debug */
#define VSP_DEBUG_FLAGS 0x2000u   /* a byte per hashed site or function: VSP_DEBUG_FLAG_* */
#define VSP_DEBUG_RING 0x4000u    /* the last events: VSP_DEBUG_RING_SIZE entries of site and depth */
#define VSP_DEBUG_BASES 0x8000u   /* per frame slot: where its variables are, in 16 bytes above the null zone */

#define VSP_DEBUG_FLAG_COUNT 8192u /* a power of two */
#define VSP_DEBUG_RING_SIZE 2048u  /* a power of two */
#define VSP_DEBUG_WATCHES 16u
#define VSP_DEBUG_WATCHED_BYTES 64u

#define VSP_DEBUG_FLAG_STOP 0x1u      /* sites: somebody wants to know */
#define VSP_DEBUG_FLAG_DESCRIBED 0x2u /* functions: where their variables are is known */

#define VSP_DEBUG_RESUME 0x80000000u /* bit of a site: a call has come back; no statement begins */

/* Why vsp_debug_stop is called: any of them. */
#define VSP_DEBUG_AT_TARGET 0x1u
#define VSP_DEBUG_AT_FLAG 0x2u
#define VSP_DEBUG_AT_DEPTH 0x4u
#define VSP_DEBUG_AT_WATCH 0x8u
#define VSP_DEBUG_AT_RECORD 0x10u

struct vsp_debug_watch {
    uint64_t address;
    uint32_t size; /* 0: unused */
    uint32_t hit;  /* it has changed at the event that stops now */
    uint8_t bytes[VSP_DEBUG_WATCHED_BYTES];
};

struct vsp_debug {
    uint64_t count;         /* events so far */
    uint64_t next;          /* below it only flags matter: 0 while depth, match, watches or records are asked for */
    uint64_t target;        /* stop at this event and all after it */
    uint64_t records;       /* stop once the event log holds so many; all ones: never */
    uint64_t match;         /* the last event that began a statement at match_depth or further out; 0 none */
    uint32_t match_depth;   /* 0: none is looked for */
    uint32_t depth;         /* stop at events at this depth or further out; 0: never */
    uint32_t active;        /* a debugger is there */
    uint32_t watches;       /* entries of `watched` that are looked at */
    struct vsp_debug_watch watched[VSP_DEBUG_WATCHES];
};

/* A statement begins or (VSP_DEBUG_RESUME) a call has come back. */
void vsp_debug_event(uint32_t site);

/* A function has taken its frame; its variables lie at fixed distances from `variable`, its first one or NULL. Answers
 * 1 when the debugger wants to be told these distances. */
uint32_t vsp_debug_enter(uint32_t function, const void *variable);

/* A function is about to return an NTSTATUS. */
void vsp_debug_return(uint32_t location, int32_t status);

/* The stack (vsp_stack) of the last store to that byte of the SaveBuf that is being written, 0: none yet. */
uint32_t vsp_debug_writer(uint32_t offset);

/* Imports. */
void vsp_debug_stop(uint32_t site, uint32_t why);
void vsp_debug_variable(uint32_t function, uint32_t index, const void *address);
void vsp_debug_failed(uint32_t location, int32_t status);
void vsp_debug_global(uint32_t unit, uint32_t index, const void *address);
/* The stack reaches into the null zone: the last moment at which the notes in it are whole. */
void vsp_debug_over(void);
