/* AWS Config, in three files: service_config.c (rules and recorders), config_details.c (the
 * evaluations of a rule, made for speed) and config_select.c (SelectResourceConfig). */
#ifndef SIM_CONFIG_H
#define SIM_CONFIG_H

#include "evaluations.h"
#include "service.h"

/* The region's place, or WORLD_NONE with the error: it is not enabled, or denied. */
int config_open_scope(Exchange *exchange);

/* The page's token is not of this call. */
void config_refuse_token(Exchange *exchange);

/* The rule does not exist. */
void config_refuse_rule(Exchange *exchange, const char *name);

void config_get_details(Exchange *exchange, const Json *input);
void config_select_resources(Exchange *exchange, const Json *input);

#endif
