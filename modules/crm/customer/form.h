/* form.h -- forms for the company's pages, whose answers become leads: shapes and rows of the module's tables. */
#pragma once
#include <kontor.h>
#include <kontor/web.h>

struct web_form {
    kt_record rec;
    kt_str name, title, text, consent, thanks, forward, source, campaign, token;
    kt_id owner;
    kt_lines fields;
    bool active;
    int64_t an_hour, received, in_hour;
    kt_time hour;
};
extern const kt_shape web_form_shape;
kt_error *web_form_compute(kt_tx *tx, kt_record *self);
typedef struct {
    const kt_web_pair *pairs; /* what was posted */
    size_t count;
} form_sent;
/* Reads what was posted, for nobody in particular: request->data is a form_sent. */
kt_error *form_read(kt_tx *tx, kt_web_request *request);
/* What was posted under this name, or stands in the address behind the question mark. */
kt_str form_said(const kt_web_request *request, const char *name);
kt_error *form_answer(kt_tx *tx, const kt_web_request *request, kt_web_response *response);
void form_refuse(kt_tx *tx, const kt_web_request *request, const kt_error *error, kt_web_response *response);

/* form_page.c */
KT_MUST kt_error *form_page(kt_tx *tx, const struct web_form *f, kt_str *page);
/* A page that says something; both are plain text. */
kt_str form_note(kt_tx *tx, kt_str title, kt_str text);
/* The page around HTML. */
kt_str form_frame(kt_tx *tx, kt_str title, kt_str html);
/* Text as HTML shows it. */
kt_str html_escape(kt_tx *tx, kt_str text);

enum form_field_kind { F_SUBJECT = 1, F_NAME, F_COMPANY, F_EMAIL, F_PHONE, F_CITY, F_TAX_ID, F_TEXT };
struct form_field { /* a line of a form */
    kt_record rec;
    enum form_field_kind field;
    kt_str label;
    bool required;
};
extern const kt_shape form_field_shape;
extern const kt_choice form_field_kinds[];
#define FORM_TRAP    "website" /* no person sees it: whoever fills it in is a program */
#define FORM_CONSENT "consent"

#define FORM_ENTITIES                                                                                        \
    {                                                                                                        \
        &web_form_shape, {"Form on the web", "Formularz na stronie"},                                        \
            {"Forms on the web", "Formularze na stronie"},                                                   \
            .title = "name", .compute = web_form_compute, .icon = "clipboard",                               \
            .views = "[{\"kind\":\"list\",\"columns\":[\"name\",\"active\",\"received\",\"source\","         \
                     "\"owner\"],\"sort\":\"name\"}]"                                                        \
    }
#define FORM_ROUTES                                                                                          \
    {                                                                                                        \
        "/f/", form_read, form_answer, form_refuse, .open = true                                             \
    }
#define FORM_SELLER "; crm.form:read"
#define FORM_HEAD   "; crm.form:*"
