#include "report/console.h"

#include "base/partition.h"
#include "base/str.h"
#include "format/uri.h"

#include <string.h>

/* NULL where the console of the region's partition is not known. */
static const char *find_host(const char *region) {
    const Partition *partition = partition_of_region(region);
    return partition == NULL ? NULL : partition->console_host;
}

/* No "_x" is left: _x0041_ is how Excel writes a character that XML cannot hold. */
static void append_param(Buf *url, const char *name, const char *value) {
    buf_puts(url, name);
    for (const char *at = strstr(value, "_x"); at != NULL; at = strstr(value, "_x")) {
        uri_append_encoded(url, value, (size_t)(at - value), false);
        buf_puts(url, "%5F");
        value = at + 1;
    }
    uri_append_encoded(url, value, strlen(value), false);
}

static bool fits(const Buf *url, char ret_url[CONSOLE_LINK_SIZE]) {
    if (url->size >= CONSOLE_LINK_SIZE) {
        return false;
    }
    str_copy(ret_url, CONSOLE_LINK_SIZE, buf_text(url));
    return true;
}

bool console_link_finding(const ConsoleFinding *finding, char ret_url[CONSOLE_LINK_SIZE]) {
    const char *host = str_is_region(finding->region) ? find_host(finding->region) : NULL;
    if (host == NULL) {
        return false;
    }
    OWN(buf_done) Buf url = {0};
    buf_printf(&url, "https://%s.%s/config/home?region=%s#", finding->region, host,
               finding->region);
    size_t start = url.size;
    append_param(&url, "/resources/timeline?resourceId=", finding->resource_id);
    append_param(&url, "&resourceType=", finding->resource_type);
    if (fits(&url, ret_url)) {
        return true;
    }
    url.size = start;
    append_param(&url, "/rules/details?configRuleName=", finding->rule_name);
    return fits(&url, ret_url);
}
