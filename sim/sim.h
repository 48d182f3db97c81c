/* Sim: the simulator as a whole. Everything that lives long hangs off it. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "access.h"
#include "auth.h"
#include "faults.h"
#include "knobs.h"
#include "mailbox.h"
#include "s3_store.h"
#include "s3_uploads.h"
#include "stats.h"
#include "world.h"

#include <pthread.h>

enum { SIM_MAX_ROLES = 16 };

/* Not secret: they open nothing but this simulator. */
#define SIM_DEFAULT_KEY_ID "AKIACONFHOUSESIM0001"
#define SIM_DEFAULT_SECRET "confhouse/sim/not/a/real/secret/00000001"

typedef struct SimOptions {
    Knobs knobs;
    const char *regions;
    const char *listen; /* a loopback address */
    int port;           /* 0 = any that is free */
    int threads;
    const char *key_id;
    const char *secret;
    size_t role_count;
    const char *roles[SIM_MAX_ROLES]; /* that AssumeRole knows */
    const char *external_id;          /* NULL = none asked for */
    size_t bucket_count;
    const char *buckets[SIM_MAX_ROLES];
    const char *s3_dir;   /* NULL = in memory */
    const char *policies; /* a file (access.h); NULL = roles may do all */
} SimOptions;

struct Sim {
    const SimOptions *options; /* borrowed */
    World *world;
    pthread_rwlock_t knobs_lock; /* held for reading while a request is answered */
    Knobs knobs;
    Access *access; /* NULL = roles may do all. Under the same lock */
    Auth *auth;
    Faults *faults;
    Stats *stats;
    S3Store *s3;
    S3Uploads *uploads;
    Mailbox *mailbox;
};

Status sim_open(const SimOptions *options, Sim **ret_sim, Err *err) WARN_UNUSED;
void sim_close(Sim *sim);

#endif
