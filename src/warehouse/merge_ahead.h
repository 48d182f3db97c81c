/* Merge ahead: while one shard is merged, the next is unpacked, checked and counted by another
 * thread. There are no locks: its files and its connection are its own, and until merge_ahead_end
 * or merge_ahead_drop nobody else touches a MergeAhead that has begun. Inside of merge.c. */
#ifndef WAREHOUSE_MERGE_AHEAD_H
#define WAREHOUSE_MERGE_AHEAD_H

#include "format/digest.h"
#include "warehouse/merge_shard.h"

#include <pthread.h>

typedef struct MergeAhead {
    /* What is to be checked; borrowed until merge_ahead_end. */
    const char *packed;
    const char *path; /* where it is unpacked to */
    const char *group_id;
    char shard_id[65];
    int64_t max_bytes;
    const bool *cancelled; /* may be NULL */
    /* What it is, from merge_ahead_end on. */
    ShardFacts facts;
    char sha256[SHA256_HEX_SIZE];
    /* Its own. */
    pthread_t thread;
    bool is_running;
    Status status;
    Err err;
} MergeAhead;

void merge_ahead_begin(MergeAhead *ahead);
/* Waits. ST_LIMIT when it unpacks to more than `max_bytes`, and what shard_check says. */
Status merge_ahead_end(MergeAhead *ahead, Err *err) WARN_UNUSED;
/* Waits when it is running, and removes both files. */
void merge_ahead_drop(MergeAhead *ahead);

#endif
