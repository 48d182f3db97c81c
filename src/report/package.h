/* Package: a look at a finished .xlsx file. */
#ifndef REPORT_PACKAGE_H
#define REPORT_PACKAGE_H

#include "base/err.h"

/* ST_IO unless every part of the file is there and each element in it is closed. The library that
 * writes it copies rows from one temporary file to another without looking whether all of it went:
 * on a full disk it would report success and leave sheets cut short. Memory does not depend on the
 * size. */
Status package_check(const char *path, Err *err) WARN_UNUSED;

#endif
