/* Metrics: one line on stdout for each invocation, in CloudWatch's embedded metric format (EMF),
 * from which CloudWatch makes metrics in the namespace "confhouse". Source:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * The only dimension is Mode (batch, final, plan, …): each set
 * of values is a metric that costs money, so accounts and regions are none. A metric that the mode
 * does not count is left out. Beside the metrics, the line has properties to search for: the status
 * and the error type of the invocation.
 *
 * Where the log format is JSON, Lambda drops lines below the function's log level, by their
 * `level`, and takes those without one for INFO. So the line bears the level that is set, when that
 * is above INFO: it says that the line must pass, and not how bad something is. */
#ifndef LAMBDA_METRICS_H
#define LAMBDA_METRICS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Metrics {
    const char *request_id;
    const char *mode;
    Status status; /* that the caller was told */
    const Buf *answer;
    int64_t calls;
    int64_t throttled;
    int64_t duration_ms;
    bool is_cold_start;
} Metrics;

void metrics_append(const Metrics *metrics, Buf *out); /* without the end of the line */
void metrics_print(const Metrics *metrics);

#endif
