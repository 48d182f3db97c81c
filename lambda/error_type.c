#include "error_type.h"

const char *error_type(Status status) {
    static const char *const names[] = {
        [ST_OK] = "",
        [ST_USAGE] = "InvalidSettings",
        [ST_INPUT] = "InvalidEvent",
        [ST_IO] = "StorageFailed",
        [ST_NETWORK] = "NetworkFailed",
        [ST_THROTTLED] = "Throttled",
        [ST_SERVER] = "ServiceFailed",
        [ST_EXPIRED] = "CredentialsExpired",
        [ST_CREDENTIALS] = "NoCredentials",
        [ST_DENIED] = "AccessDenied",
        [ST_REJECTED] = "RequestRejected",
        [ST_NOT_FOUND] = "NotFound",
        [ST_CONFLICT] = "Conflict",
        [ST_PROTOCOL] = "BadAnswer",
        [ST_CORRUPT] = "CorruptData",
        [ST_NEWER] = "NewerSchema",
        [ST_LIMIT] = "LimitExceeded",
        [ST_DEADLINE] = "DeadlineExceeded",
        [ST_CANCELLED] = "Cancelled",
        [ST_STOPPED] = "Stopped",
        [ST_PARTIAL] = "PartialResult",
        [ST_NOTHING] = "NothingToDo",
        [ST_INTERNAL] = "InternalError",
    };
    return names[status];
}
