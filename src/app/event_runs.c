/* Which runs the objects of an S3 event mean. */
#include "app/event_internal.h"
#include "base/str.h"
#include "store/layout.h"
#include "store/store.h"

#include <string.h>

/* The key below the store's prefix; NULL when it is elsewhere in the bucket. ST_EVENT for another
 * bucket than the store's. */
static Status find_key(const EventObject *object, const char *store_url, const char **ret_key,
                       Err *err) {
    const char *bucket = store_url_is_s3(store_url) ? store_url + strlen("s3://") : "";
    size_t bucket_size = strcspn(bucket, "/");
    const char *prefix = bucket + bucket_size;
    *ret_key = NULL;
    if (strlen(object->bucket) != bucket_size || memcmp(object->bucket, bucket, bucket_size) != 0) {
        (void)err_set(err, ST_EVENT,
                      "the event's %s.bucket.name is '%.63s', and the store is %.600s",
                      object->member, object->bucket, store_url);
        return err_hint(err, "send only the events of the store's own bucket");
    }
    prefix += strspn(prefix, "/");
    size_t prefix_size = strlen(prefix);
    while (prefix_size > 0 && prefix[prefix_size - 1] == '/') {
        prefix_size--;
    }
    if (prefix_size == 0) {
        *ret_key = object->key;
    } else if (strncmp(object->key, prefix, prefix_size) == 0 && object->key[prefix_size] == '/') {
        *ret_key = object->key + prefix_size + 1;
    }
    return ST_OK;
}

static void ignore(EventRuns *runs, const EventObject *object, const char *why) {
    runs->ignored[runs->ignored_count++] =
        (struct EventIgnored){arena_strdup(&runs->arena, object->key), why};
}

static bool is_known(const EventRuns *runs, const char *group_id, const char *or_group_id) {
    for (size_t i = 0; i < runs->count; i++) {
        const EventRun *run = &runs->items[i];
        if (str_equal(run->group_id, group_id) &&
            str_equal(run->or_group_id == NULL ? "" : run->or_group_id, or_group_id)) {
            return true;
        }
    }
    return false;
}

static void add_run(EventRuns *runs, const char *group_id, const char *or_group_id) {
    if (!is_known(runs, group_id, or_group_id)) {
        runs->items[runs->count++] = (EventRun){
            .group_id = arena_strdup(&runs->arena, group_id),
            .or_group_id = or_group_id[0] == '\0' ? NULL : arena_strdup(&runs->arena, or_group_id),
        };
    }
}

static Status add_object(EventRuns *runs, const EventObject *object, const char *store_url,
                         Err *err) {
    const char *key = NULL;
    char group_id[LAYOUT_ID_SIZE];
    char or_group_id[LAYOUT_ID_SIZE] = "";
    TRY(find_key(object, store_url, &key, err));
    if (!object->is_created) {
        ignore(runs, object, "nothing was created");
    } else if (key == NULL) {
        ignore(runs, object, "it is not below the store's prefix");
    } else if (layout_parse_raw(key, group_id) ||
               layout_parse_history(key, group_id, or_group_id)) {
        add_run(runs, group_id, or_group_id);
    } else {
        ignore(runs, object, "it is neither raw/config-rules-<date>.csv nor a dated history");
    }
    return ST_OK;
}

Status event_find_runs(const Event *event, const char *store_url, EventRuns *ret_runs, Err *err) {
    *ret_runs = (EventRuns){0};
    ret_runs->items = arena_alloc(&ret_runs->arena, event->object_count * sizeof(EventRun));
    ret_runs->ignored =
        arena_alloc(&ret_runs->arena, event->object_count * sizeof(struct EventIgnored));
    for (size_t i = 0; i < event->object_count; i++) {
        Status status = add_object(ret_runs, &event->objects[i], store_url, err);
        if (status != ST_OK) {
            event_runs_done(ret_runs);
            return status;
        }
    }
    return ST_OK;
}

void event_runs_done(EventRuns *runs) {
    arena_done(&runs->arena);
    *runs = (EventRuns){0};
}
