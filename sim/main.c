/* confhouse-sim: an AWS organization on loopback, for trying, training, tests and load. */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "server.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct Flags {
    SimOptions sim;
    const char *port_file;
    bool print_url;
    bool show_help;
    bool show_version;
} Flags;

typedef struct Flag {
    const char *name;
    const char *value; /* NULL: takes none */
    const char *help;
    Status (*take)(Flags *flags, const char *value, Err *err);
} Flag;

static Status take_number(const char *flag, const char *text, int max, int *ret_number, Err *err) {
    int64_t number = 0;
    if (!str_parse_int(text, 0, max, &number)) {
        return err_set(err, ST_USAGE, "%s: '%.60s' is not between 0 and %d", flag, text, max);
    }
    *ret_number = (int)number;
    return ST_OK;
}

static Status take_port(Flags *flags, const char *value, Err *err) {
    return take_number("--port", value, 65535, &flags->sim.port, err);
}
static Status take_threads(Flags *flags, const char *value, Err *err) {
    return take_number("--threads", value, 64, &flags->sim.threads, err);
}
static Status take_listen(Flags *flags, const char *value, Err *err) {
    (void)err;
    flags->sim.listen = value;
    return ST_OK;
}
static Status take_regions(Flags *flags, const char *value, Err *err) {
    (void)err;
    flags->sim.regions = value;
    return ST_OK;
}
static Status take_key_id(Flags *flags, const char *value, Err *err) {
    size_t size = strlen(value);
    if (size < 16 || size > 60 || str_starts(value, "ASIA")) {
        return err_set(err, ST_USAGE, "--access-key-id: 16 to 60 letters, not beginning with ASIA");
    }
    flags->sim.key_id = value;
    return ST_OK;
}
static Status take_secret(Flags *flags, const char *value, Err *err) {
    size_t size = strlen(value);
    if (size < 16 || size > 60) {
        return err_set(err, ST_USAGE, "--secret-access-key: 16 to 60 characters");
    }
    flags->sim.secret = value;
    return ST_OK;
}
static Status take_role(Flags *flags, const char *value, Err *err) {
    if (!str_is_role_name(value) || flags->sim.role_count == SIM_MAX_ROLES) {
        return err_set(err, ST_USAGE, "--role-name: '%.60s' is not a role's name, or one too many",
                       value);
    }
    flags->sim.roles[flags->sim.role_count++] = value;
    return ST_OK;
}
static Status take_external_id(Flags *flags, const char *value, Err *err) {
    (void)err;
    flags->sim.external_id = value;
    return ST_OK;
}
static Status take_bucket(Flags *flags, const char *value, Err *err) {
    if (flags->sim.bucket_count == SIM_MAX_ROLES) {
        return err_set(err, ST_USAGE, "--bucket: more than %d of them", SIM_MAX_ROLES);
    }
    flags->sim.buckets[flags->sim.bucket_count++] = value;
    return ST_OK;
}
static Status take_s3_dir(Flags *flags, const char *value, Err *err) {
    (void)err;
    flags->sim.s3_dir = value;
    return ST_OK;
}
static Status take_policies(Flags *flags, const char *value, Err *err) {
    (void)err;
    flags->sim.policies = value;
    return ST_OK;
}
static Status take_port_file(Flags *flags, const char *value, Err *err) {
    (void)err;
    flags->port_file = value;
    return ST_OK;
}
static Status take_print_url(Flags *flags, const char *value, Err *err) {
    (void)value;
    (void)err;
    flags->print_url = true;
    return ST_OK;
}
static Status take_help(Flags *flags, const char *value, Err *err) {
    (void)value;
    (void)err;
    flags->show_help = true;
    return ST_OK;
}
static Status take_version(Flags *flags, const char *value, Err *err) {
    (void)value;
    (void)err;
    flags->show_version = true;
    return ST_OK;
}

/* clang-format off */
static const Flag flag_table[] = {
    {"port", "N", "port to listen on; 0 = any that is free (default)", take_port},
    {"listen", "ADDRESS", "loopback address to listen on (default 127.0.0.1)", take_listen},
    {"print-url", NULL, "print the address alone, and no credentials", take_print_url},
    {"port-file", "FILE", "write the port there once it listens", take_port_file},
    {"threads", "N", "threads that answer (default 1)", take_threads},
    {"regions", "LIST", "regions that are enabled (default eu-west-1,us-east-1)", take_regions},
    {"access-key-id", "ID", "of the management account (default " SIM_DEFAULT_KEY_ID ")", take_key_id},
    {"secret-access-key", "SECRET", "its secret", take_secret},
    {"role-name", "NAME", "a role that may be assumed in each account (default: OrganizationAccountAccessRole and configreport-read-role); may be repeated", take_role},
    {"external-id", "ID", "what AssumeRole must bring along", take_external_id},
    {"bucket", "NAME", "a bucket that is there (default confhouse); may be repeated", take_bucket},
    {"s3-dir", "DIR", "keep objects as files there (default: in memory)", take_s3_dir},
    {"policies", "FILE", "what roles may do: their policies, as JSON; all, when absent", take_policies},
    {"help", NULL, "this text", take_help},
    {"version", NULL, "the version", take_version},
};
/* clang-format on */
enum { FLAG_COUNT = sizeof flag_table / sizeof flag_table[0] };

static void print_flag(const char *name, const char *value, const char *help) {
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", name, value != NULL && value[0] ? " " : "",
             value != NULL ? value : "");
    for (char *c = left; *c != '\0' && *c != ' '; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    printf("  %-28s %s\n", left, help);
}

static void print_help(void) {
    puts("usage: confhouse-sim [FLAGS]\n\n"
         "An AWS organization on loopback: AWS Config, Organizations, STS, S3, Resource Groups\n"
         "Tagging, SNS and SES, with every signature checked. All that it tells follows from the\n"
         "seed; GET /_sim/expected tells what a complete scan must find.\n\n"
         "The server:");
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        print_flag(flag_table[i].name, flag_table[i].value, flag_table[i].help);
    }
    puts("\nWhat there is, and what goes wrong. POST /_sim/control takes the same names with _ as\n"
         "members of a JSON object (those that are not of the start):");
    for (const Knob *knob = knob_table; knob->name != NULL; knob++) {
        print_flag(knob->name, knob->value, knob->help);
    }
}

/* --flag value, --flag=value, --flag. */
static Status take_argument(Flags *flags, int count, char **arguments, int *at, Err *err) {
    const char *argument = arguments[*at];
    const char *equals = strchr(argument, '=');
    char name[64];
    size_t size = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    if (!str_starts(argument, "--") || size - 2 >= sizeof name) {
        return err_set(err, ST_USAGE, "'%.60s' is not a flag", argument);
    }
    memcpy(name, argument + 2, size - 2);
    name[size - 2] = '\0';
    const Knob *knob = knob_find(name);
    const Flag *flag = NULL;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        flag = str_equal(flag_table[i].name, name) ? &flag_table[i] : flag;
    }
    if (knob == NULL && flag == NULL) {
        return err_set(err, ST_USAGE, "there is no flag --%s", name);
    }
    bool takes_value = knob != NULL ? knob->kind != KNOB_BOOL : flag->value != NULL;
    const char *value = equals != NULL ? equals + 1 : "";
    if (takes_value && equals == NULL) {
        if (++*at == count) {
            return err_set(err, ST_USAGE, "--%s needs a value", name);
        }
        value = arguments[*at];
    }
    return knob != NULL ? knob_set(&flags->sim.knobs, knob, value, err)
                        : flag->take(flags, value, err);
}

static Status parse_flags(int count, char **arguments, Flags *flags, Err *err) {
    *flags = (Flags){.sim = {.regions = "eu-west-1,us-east-1",
                             .listen = "127.0.0.1",
                             .threads = 1,
                             .key_id = SIM_DEFAULT_KEY_ID,
                             .secret = SIM_DEFAULT_SECRET}};
    SimOptions *sim = &flags->sim;
    knobs_init(&sim->knobs);
    for (int at = 1; at < count; at++) {
        TRY(take_argument(flags, count, arguments, &at, err));
    }
    if (sim->role_count == 0) {
        sim->roles[sim->role_count++] = "OrganizationAccountAccessRole";
        sim->roles[sim->role_count++] = "configreport-read-role";
    }
    if (sim->bucket_count == 0) {
        sim->buckets[sim->bucket_count++] = "confhouse";
    }
    if (sim->knobs.service_linked > sim->knobs.rules) {
        return err_set(err, ST_USAGE, "--service-linked is more than --rules");
    }
    return ST_OK;
}

static Status announce(const Flags *flags, int port, Err *err) {
    const SimOptions *sim = &flags->sim;
    bool is_v6 = strchr(sim->listen, ':') != NULL;
    char url[128];
    snprintf(url, sizeof url, "http://%s%s%s:%d", is_v6 ? "[" : "", sim->listen, is_v6 ? "]" : "",
             port);
    if (flags->print_url) {
        printf("%s\n", url);
    } else {
        char region[32];
        str_copy(region, sizeof region, sim->regions);
        region[strcspn(region, ", ")] = '\0';
        printf("export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s "
               "AWS_REGION=%s AWS_DEFAULT_REGION=%s\n",
               url, sim->key_id, sim->secret, region, region);
    }
    fflush(stdout);
    if (flags->port_file == NULL) {
        return ST_OK;
    }
    char text[16];
    int size = snprintf(text, sizeof text, "%d\n", port);
    return file_write_atomic(flags->port_file, text, (size_t)size, err);
}

static Status serve(const Flags *flags, Err *err) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    /* Before any thread begins, so that the signals wait for sigwait below. */
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    Sim *sim = NULL;
    Server *server = NULL;
    TRY(sim_open(&flags->sim, &sim, err));
    Status status = server_open(sim, &server, err);
    if (status == ST_OK) {
        status = announce(flags, server_port(server), err);
    }
    if (status == ST_OK) {
        int received = 0;
        sigwait(&ends, &received);
    }
    server_close(server);
    sim_close(sim);
    return status;
}

int main(int count, char **arguments) {
    Flags flags;
    Err err = {0};
    /* Pages are some tens of kilobytes each, made and freed in turn: keep their memory. */
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    signal(SIGPIPE, SIG_IGN);
    Status status = parse_flags(count, arguments, &flags, &err);
    if (status == ST_OK && flags.show_help) {
        print_help();
    } else if (status == ST_OK && flags.show_version) {
        puts("confhouse-sim " CONFHOUSE_VERSION);
    } else if (status == ST_OK) {
        status = serve(&flags, &err);
    }
    if (status != ST_OK) {
        log_err(LOG_ERROR, &err);
    }
    return status_exit(status);
}
