#include "aws/ec2.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/xml.h"

enum { ANSWER_MAX_BYTES = 1 << 20 };

typedef struct RegionsCall {
    Ec2Regions regions;
    Ec2RegionsDone *done;
    void *context;
} RegionsCall;

bool ec2_is_on(const Ec2Regions *regions, const char *name) {
    for (size_t i = 0; i < regions->count; i++) {
        if (str_equal(regions->items[i].name, name)) {
            return regions->items[i].is_on;
        }
    }
    return false;
}

static Status read_region(const XmlNode *item, Ec2Region *region, Err *err) {
    const char *name = NULL;
    TRY(xml_need(item, "regionName", 1, sizeof region->name - 1, &name, err));
    if (!str_is_region(name)) {
        return err_set(err, ST_PROTOCOL, "a regionName is no region");
    }
    str_copy(region->name, sizeof region->name, name);
    region->is_on = !str_equal(xml_text(item, "optInStatus"), "not-opted-in");
    return ST_OK;
}

static Status on_parse(void *context, const HttpAnswer *answer, Err *err) {
    RegionsCall *call = context;
    Ec2Regions *regions = &call->regions;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    *regions = (Ec2Regions){0};
    TRY(xml_parse(&arena, answer->body, answer->body_size, &root, err));
    const XmlNode *item = xml_at(root, "regionInfo.item");
    if (!str_equal(root->name, "DescribeRegionsResponse") || item == NULL) {
        return err_set(err, ST_PROTOCOL, "the answer lists no regions");
    }
    for (; item != NULL && regions->count < EC2_MAX_REGIONS; item = xml_next(item)) {
        TRY(read_region(item, &regions->items[regions->count++], err));
    }
    return item == NULL ? ST_OK
                        : err_set(err, ST_LIMIT, "there are more than %d regions", EC2_MAX_REGIONS);
}

static void on_done(void *context, const HttpAnswer *answer, const Err *failure) {
    (void)answer;
    RegionsCall *call = context;
    call->done(call->context, failure == NULL ? &call->regions : NULL, failure);
    mem_free(call);
}

Status ec2_describe_regions(Aws *aws, const AwsTarget *target, Ec2RegionsDone *done, void *context,
                            Err *err) {
    static const char body[] = "Action=DescribeRegions&Version=2016-11-15&AllRegions=true";
    RegionsCall *call = mem_alloc(sizeof *call);
    call->done = done;
    call->context = context;
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_EC2;
    request.target = *target;
    request.operation = "DescribeRegions";
    request.body = body;
    request.body_size = sizeof body - 1;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    request.parse = on_parse;
    request.drop = mem_free;
    Status status = aws_start(aws, &request, on_done, call, err);
    if (status != ST_OK) {
        mem_free(call);
    }
    return status;
}
