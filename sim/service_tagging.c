#include "service.h"

const Operation tagging_operations[] = {{0}};
