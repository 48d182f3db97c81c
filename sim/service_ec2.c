/* EC2 DescribeRegions, in the query protocol. */
#include "base/str.h"
#include "form.h"
#include "service.h"
#include "sim.h"

static void put_region(const Exchange *exchange, int region, Buf *out) {
    bool is_off = world_selects(exchange->world, &exchange->knobs->region_off,
                                exchange->request.caller.account, region, "region-off");
    const char *name = exchange->world->regions[region];
    buf_printf(out,
               "    <item>\n      <regionName>%s</regionName>\n"
               "      <regionEndpoint>ec2.%s.amazonaws.com</regionEndpoint>\n"
               "      <optInStatus>%s</optInStatus>\n    </item>\n",
               name, name, is_off ? "not-opted-in" : "opt-in-not-required");
}

static void describe_regions(Exchange *exchange, bool all) {
    const World *world = exchange->world;
    Buf *out = &exchange->reply.body;
    buf_printf(out,
               "<DescribeRegionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n"
               "  <requestId>%s</requestId>\n  <regionInfo>\n",
               exchange->reply.request_id);
    for (size_t i = 0; i < world->region_count; i++) {
        if (all || !world_selects(world, &exchange->knobs->region_off,
                                  exchange->request.caller.account, (int)i, "region-off")) {
            put_region(exchange, (int)i, out);
        }
    }
    buf_puts(out, "  </regionInfo>\n</DescribeRegionsResponse>\n");
}

void ec2_answer(Exchange *exchange) {
    Form form;
    bool is_form = form_open(&exchange->request, &form);
    if (!is_form || !str_equal(form_text(&form, "Version"), "2016-11-15") ||
        !str_equal(form_text(&form, "Action"), "DescribeRegions")) {
        reply_error(&exchange->reply, 400, "InvalidAction",
                    "The action is not valid for this web service.");
    } else if (service_open_region(exchange) != WORLD_NONE) {
        describe_regions(exchange, str_equal(form_text(&form, "AllRegions"), "true"));
    }
    form_done(&form);
}
