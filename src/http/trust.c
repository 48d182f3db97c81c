#include "http/trust.h"

#include <curl/curl.h>
#include <unistd.h>

const char *trust_first_readable(const char *const *paths, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (access(paths[i], R_OK) == 0) {
            return paths[i];
        }
    }
    return NULL;
}

const char *trust_system_bundle(void) {
    static const char *const files[] = {
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Amazon Linux, Fedora */
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine; the container image */
    };
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    if ((built->cainfo != NULL && access(built->cainfo, R_OK) == 0) ||
        (built->capath != NULL && access(built->capath, R_OK) == 0)) {
        return NULL;
    }
    return trust_first_readable(files, sizeof files / sizeof files[0]);
}
