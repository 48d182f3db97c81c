#include "members.h"

#include "base/str.h"

#include <math.h>
#include <string.h>

static bool refuse_type(Exchange *exchange, const char *name, const char *wanted) {
    reply_error(&exchange->reply, 400, "SerializationException",
                "The value of %s can not be converted to %s", name, wanted);
    return false;
}

static bool refuse_value(Exchange *exchange, const char *name, const char *rule, int64_t bound) {
    reply_error(&exchange->reply, 400, "ValidationException",
                "1 validation error detected: Value at '%s' failed to satisfy constraint: Member "
                "must have %s %lld",
                name, rule, (long long)bound);
    return false;
}

static bool is_listed(const char *value, const char *values) {
    size_t size = strlen(value);
    while (*values != '\0') {
        size_t word = strcspn(values, " ");
        if (word == size && memcmp(values, value, size) == 0) {
            return true;
        }
        values += word;
        values += *values == ' ' ? 1 : 0;
    }
    return false;
}

static bool check_text(Exchange *exchange, const Json *value, const Member *member) {
    const char *text = json_text_value(value);
    if (text == NULL) {
        return refuse_type(exchange, member->name, "a String");
    }
    bool is_list = member->type == MEMBER_TEXTS;
    int64_t size = (int64_t)strlen(text);
    if (!is_list && member->max > 0 && size > member->max) {
        return refuse_value(exchange, member->name, "length less than or equal to", member->max);
    }
    if (!is_list && size < member->min) {
        return refuse_value(exchange, member->name, "length greater than or equal to", member->min);
    }
    if (member->values != NULL && !is_listed(text, member->values)) {
        reply_error(&exchange->reply, 400, "ValidationException",
                    "1 validation error detected: Value '%.80s' at '%s' failed to satisfy "
                    "constraint: Member must satisfy enum value set: [%s]",
                    text, member->name, member->values);
        return false;
    }
    return true;
}

static bool check_int(Exchange *exchange, const Json *value, const Member *member) {
    double number = 0;
    Err err = {0};
    if (json_number_or(value, "", -1e15, 1e15, 0, &number, &err) != ST_OK ||
        number != floor(number)) {
        return refuse_type(exchange, member->name, "an Integer");
    }
    if (number > (double)member->max) {
        return refuse_value(exchange, member->name, "value less than or equal to", member->max);
    }
    if (number < (double)member->min) {
        return refuse_value(exchange, member->name, "value greater than or equal to", member->min);
    }
    return true;
}

static bool check_list(Exchange *exchange, const Json *value, const Member *member) {
    int64_t count = 0;
    if (!json_is_array(value)) {
        return refuse_type(exchange, member->name, "a List");
    }
    for (const Json *item = json_first(value); item != NULL; item = json_next(item)) {
        count++;
        if (member->type == MEMBER_TEXTS ? !check_text(exchange, item, member)
                                         : !members_check(exchange, item, member->members)) {
            return false;
        }
    }
    if (count > member->max) {
        return refuse_value(exchange, member->name, "length less than or equal to", member->max);
    }
    return true;
}

static bool check_member(Exchange *exchange, const Json *value, const Member *member) {
    bool flag = false;
    Err err = {0};
    switch (member->type) {
    case MEMBER_TEXT:
        return check_text(exchange, value, member);
    case MEMBER_INT:
        return check_int(exchange, value, member);
    case MEMBER_BOOL:
        return json_bool_or(value, "", false, &flag, &err) == ST_OK ||
               refuse_type(exchange, member->name, "a Boolean");
    case MEMBER_TEXTS:
    case MEMBER_OBJECTS:
        return check_list(exchange, value, member);
    case MEMBER_OBJECT:
        return members_check(exchange, value, member->members);
    }
    return false;
}

bool members_check(Exchange *exchange, const Json *input, const Member *members) {
    if (!json_is_object(input)) {
        return refuse_type(exchange, "the request", "a Structure");
    }
    for (const Json *value = json_first(input); value != NULL; value = json_next(value)) {
        const Member *member = members;
        while (member->name != NULL && !str_equal(member->name, json_name(value))) {
            member++;
        }
        if (member->name == NULL) {
            reply_error(&exchange->reply, 400, "SerializationException",
                        "Unknown member '%.80s' in the request", json_name(value));
            return false;
        }
        bool is_null = json_at(value, "") == NULL;
        if (!is_null && !check_member(exchange, value, member)) {
            return false;
        }
    }
    for (const Member *member = members; member->name != NULL; member++) {
        if (member->required && json_at(input, member->name) == NULL) {
            reply_error(&exchange->reply, 400, "ValidationException",
                        "1 validation error detected: Value null at '%s' failed to satisfy "
                        "constraint: Member must not be null",
                        member->name);
            return false;
        }
    }
    return true;
}
