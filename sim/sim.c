#include "sim.h"

#include "base/file.h"
#include "base/mem.h"

enum { POLICIES_MAX_BYTES = 1 << 20 };

static Status read_policies(const char *path, Access **ret_access, Err *err) {
    OWN(buf_done) Buf text = {0};
    TRY(file_read(path, POLICIES_MAX_BYTES, &text, err));
    return access_parse(buf_text(&text), text.size, ret_access, err);
}

Status sim_open(const SimOptions *options, Sim **ret_sim, Err *err) {
    Sim *sim = mem_alloc(sizeof *sim);
    sim->options = options;
    sim->knobs = options->knobs;
    ASSERT(pthread_rwlock_init(&sim->knobs_lock, NULL) == 0);
    Status status = world_open(&options->knobs, options->regions, &sim->world, err);
    sim->s3 = s3_store_new(options->s3_dir);
    for (size_t i = 0; i < options->bucket_count && status == ST_OK; i++) {
        status = s3_store_add_bucket(sim->s3, options->buckets[i], err);
    }
    if (status == ST_OK && options->policies != NULL) {
        status = read_policies(options->policies, &sim->access, err);
    }
    if (status != ST_OK) {
        sim_close(sim);
        return status;
    }
    sim->auth = auth_new(&(AuthOptions){
        .key_id = options->key_id, .secret = options->secret, .seed = options->knobs.seed});
    sim->faults = faults_new(sim->world, &options->knobs);
    sim->stats = stats_new();
    sim->mailbox = mailbox_new();
    sim->uploads = s3_uploads_new();
    *ret_sim = sim;
    return ST_OK;
}

void sim_close(Sim *sim) {
    if (sim == NULL) {
        return;
    }
    access_free(sim->access);
    auth_free(sim->auth);
    faults_free(sim->faults);
    stats_free(sim->stats);
    mailbox_free(sim->mailbox);
    s3_uploads_free(sim->uploads);
    s3_store_free(sim->s3);
    world_close(sim->world);
    pthread_rwlock_destroy(&sim->knobs_lock);
    mem_free(sim);
}
