/* Sheets: the one list of the sheets between Summary and About. A new one is a row here and a
 * query. */
#ifndef REPORT_SHEETS_H
#define REPORT_SHEETS_H

#include "report/sheet.h"

#define SHEETS_TREND "Trend"

extern const SheetSpec sheets_table[];
enum { SHEETS_COUNT = 10 };

#endif
