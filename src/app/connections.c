#include "app/connections.h"

#include "base/file.h"
#include "base/str.h"

static const char user_agent[] = "confhouse/" CONFHOUSE_VERSION;

void connections_close(Connections *connections) {
    credentials_close(connections->credentials);
    http_close(connections->http);
    profile_close(connections->profile);
    *connections = (Connections){0};
}

Status connections_profile(Connections *connections, const char *name, Err *err) {
    return connections->profile != NULL ? ST_OK : profile_open(name, &connections->profile, err);
}

/* The file of trusted certificates; NULL = the system's. */
static const char *ca_bundle(const Connections *connections) {
    return profile_setting(connections->profile, "AWS_CA_BUNDLE", "ca_bundle").text;
}

static Status check_ca_bundle(const Connections *connections, Err *err) {
    ProfileValue bundle = profile_setting(connections->profile, "AWS_CA_BUNDLE", "ca_bundle");
    if (bundle.text == NULL || file_exists(bundle.text)) {
        return ST_OK;
    }
    if (bundle.line == 0) {
        return err_set(err, ST_USAGE, "AWS_CA_BUNDLE: there is no %.400s", bundle.text);
    }
    return err_set(err, ST_USAGE, "%.200s:%d: ca_bundle: there is no %.400s", bundle.path,
                   bundle.line, bundle.text);
}

static Status open_http(Connections *connections, int max_connections, Err *err) {
    if (connections->http != NULL) {
        return ST_OK;
    }
    TRY(check_ca_bundle(connections, err));
    const HttpOptions options = {
        .max_connections = max_connections,
        .ca_bundle = ca_bundle(connections),
        .user_agent = user_agent,
    };
    return http_open(&options, &connections->http, err);
}

/* One search for keys serves all clients. */
static void open_credentials(Connections *connections, const ConnectionsOptions *options) {
    if (connections->credentials != NULL && !str_equal(connections->region, options->region)) {
        credentials_close(connections->credentials);
        connections->credentials = NULL;
    }
    if (connections->credentials == NULL) {
        str_copy(connections->region, sizeof connections->region, options->region);
        const CredentialsOptions opening = {
            .profile = connections->profile,
            .region = connections->region,
            .ca_bundle = ca_bundle(connections),
            .user_agent = user_agent,
        };
        credentials_open(&opening, &connections->credentials);
    }
    credentials_watch(connections->credentials, options->cancelled);
}

Status connections_open(Connections *connections, const ConnectionsOptions *options, Err *err) {
    ASSERT(connections->profile != NULL);
    TRY(open_http(connections, options->max_connections, err));
    open_credentials(connections, options);
    return ST_OK;
}

void connections_forget_flag(Connections *connections) {
    if (connections->credentials != NULL) {
        credentials_watch(connections->credentials, NULL);
    }
}
