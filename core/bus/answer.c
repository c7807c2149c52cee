/* answer.c -- JSON-RPC response objects. An error says what kind it is, names the request for the log, and
 * lists every problem in the caller's language. */
#include "bus/call.h"

static const int kind_codes[] = {
    [KT_VALIDATION] = -32602,
    [KT_NOT_FOUND] = -32001,
    [KT_FORBIDDEN] = -32002,
    [KT_CONFLICT] = -32003,
    [KT_BAD_STATE] = -32004,
    [KT_RULE] = -32005,
    [KT_LIMIT] = -32006,
    [KT_UNAVAILABLE] = -32007,
    [KT_STORAGE] = -32008,
};

static const char *in_lang(kt_text text, const char *lang)
{
    bool polish = lang && lang[0] == 'p' && lang[1] == 'l';
    return polish && text.pl ? text.pl : text.en;
}

static void write_id(json *j, const variant *id)
{
    json_key(j, "id");
    if (id)
        json_variant(j, id);
    else
        json_null(j);
}

static void write_error(json *j, int code, const kt_error *error, const char *lang, const char *request_id)
{
    kt_kind kind = error->first ? error->first->kind : KT_LIMIT;
    json_key(j, "error");
    json_object(j);
    json_member_int(j, "code", code ? code : kind_codes[kind]);
    json_member_text(j, "message", error->first ? in_lang(error->first->text, lang) : "");
    json_key(j, "data");
    json_object(j);
    json_member_text(j, "kind", kind_name(kind));
    json_member_text(j, "request", request_id);
    json_key(j, "problems");
    json_array(j);
    for (const problem *p = error->first; p; p = p->next)
        json_problem(j, p, lang);
    json_array_end(j);
    json_object_end(j);
    json_object_end(j);
}

void answer_error_member(json *j, const kt_error *error, const char *lang, const char *request_id)
{
    write_error(j, 0, error, lang, request_id);
}

void answer_error(
    buffer *out, const variant *id, int code, const kt_error *error, const char *lang, const char *request_id)
{
    json j = json_to(out);
    json_object(&j);
    json_member_text(&j, "jsonrpc", "2.0");
    write_id(&j, id);
    write_error(&j, code, error, lang, request_id);
    json_object_end(&j);
}

void answer_call(call *c, buffer *out)
{
    if (c->error) {
        answer_error(out, c->id, c->code, c->error, c->error_lang, c->request_id);
        return;
    }
    kt_str result = buffer_str(&c->answer);
    json j = json_to(out);
    json_object(&j);
    json_member_text(&j, "jsonrpc", "2.0");
    write_id(&j, c->id);
    json_key(&j, "result");
    json_raw(&j, result.len ? result : KT_STR("null"));
    json_object_end(&j);
}
