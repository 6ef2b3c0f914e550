/*
 * Stress (interfaces section 5): what an injected run is given that an ordinary one is not, and what a run notes so that
 * there is something to inject. kmcl/stress.ts mirrors the structures below. Nothing here says anything in an ordinary
 * run, where `watch` is 0.
 */
#pragma once

#include "variant.h"

/* What can be made to fail, counted each by itself. */
#define VSP_STRESS_ALLOCATION 0u     /* of pool, WDF objects, MDLs, channels */
#define VSP_STRESS_PACKET_ALLOCATE 1u /* VmbPacketAllocate */
#define VSP_STRESS_PACKET_RESTORE 2u  /* VmbPacketRestore */
#define VSP_STRESS_FAILING 3u

struct vsp_stress {
    uint32_t watch;       /* nonzero: this is a stress run */
    uint32_t note;        /* nonzero: sites and records are noted */
    uint32_t force_chunk; /* nonzero: VspLabSave uses chunk_bytes whatever the test asks for */
    uint32_t chunk_bytes;
    uint32_t larger;      /* nonzero: SaveBuf of the write pass is so many bytes larger than asked for */
    uint32_t smaller;     /* nonzero: each write pass is first called with so many bytes less than asked for */
    uint32_t fail_what;   /* VSP_STRESS_*, VSP_NONE: nothing fails */
    uint32_t fail_at;     /* its running number */
    uint32_t fail_status;
    uint32_t restore_at;  /* running number of the RestorePacket call that gets other records, VSP_NONE */
    uint32_t probe;       /* nonzero: all changes are tried in turn, then the record as it was saved */
    uint32_t change_count;
    uint64_t changes; /* struct vsp_stress_change[change_count] */
    uint64_t literal; /* bytes of the record instead of the first change, 0: none */
    /* What came of it */
    uint32_t counts[VSP_STRESS_FAILING]; /* calls so far */
    uint32_t restores;                   /* RestorePacket calls so far */
    uint32_t current;                    /* change that is tried now, VSP_NONE outside */
    uint32_t injected;                   /* times something was done otherwise */
    uint32_t accepted;                   /* nonzero: the changed record was not refused */
    uint32_t returned;                   /* location id of where its callback returned */
    struct vsp_bytes sites;    /* struct vsp_stress_site */
    struct vsp_bytes records;  /* struct vsp_stress_record and its bytes, padded to 8 */
    struct vsp_bytes outcomes; /* struct vsp_stress_outcome, of probes */
    struct vsp_bytes resaved;  /* struct vsp_stress_resaved */
    struct vsp_bytes restored; /* struct vsp_stress_restored, of the restore that goes on */
};
extern struct vsp_stress vsp_stress;

/* SaveBuf of a restore: the first `size` bytes of the record, zeros behind it; the byte at `offset` is changed. */
struct vsp_stress_change {
    uint32_t size;
    uint32_t offset;
    uint32_t mask; /* ^ the byte, 0: none is changed */
    uint32_t reserved;
};

/* A call that can fail, the first from its call stack. */
struct vsp_stress_site {
    uint32_t what;  /* VSP_STRESS_* */
    uint32_t at;    /* its running number */
    uint32_t stack; /* vsp_stack id */
    uint32_t callback; /* enum vsp_api of the callback it is in, 0 outside */
};

/* A record that was restored as it was saved. */
struct vsp_stress_record {
    uint32_t at; /* running number of the RestorePacket call */
    uint32_t channel;
    uint32_t packet;
    uint32_t size;
    uint32_t status;
    uint32_t callback; /* function pointer */
};

struct vsp_stress_outcome {
    uint32_t change;
    uint32_t status;
    uint64_t hash; /* of the packet saved once more, 0 where it was refused or could not be */
    uint32_t size;
    uint32_t reserved;
};

/* A restored packet saved once more. */
struct vsp_stress_resaved {
    uint32_t at; /* running number of the RestorePacket call */
    uint32_t status;
    uint64_t hash;
    uint32_t size;
    uint32_t reserved;
};

struct vsp_stress_restored {
    uint64_t channel;
    uint64_t packet;
    uint32_t at;
    uint32_t reserved;
};

struct vsp_stress *vsp_stress_address(void);
/* Room for `count` changes, or for the bytes of one record, which TypeScript fills in. */
struct vsp_stress_change *vsp_stress_changes(uint32_t count);
uint8_t *vsp_stress_literal(uint32_t size);

/* Counts a call that can fail and tells whether this one is to; called only while `watch` is set. */
uint32_t vsp_stress_fails(uint32_t what);

/* Import. A restore callback refused a record and has allocated pool: what of that nobody owns is lost. */
void vsp_stress_refused(void);
