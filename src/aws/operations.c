#include "aws/operations.h"

#include "base/str.h"

bool operations_has(AwsService service, const char *operation) {
    static const struct {
        AwsService service;
        const char *name;
    } operations[] = {
#define X(service, name, permissions) {service, name},
        AWS_OPERATIONS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (operations[i].service == service && str_equal(operations[i].name, operation)) {
            return true;
        }
    }
    return false;
}
