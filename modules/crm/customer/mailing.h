/* mailing.h -- mailings to a segment by mail or text message, and what becomes of their letters: shapes and rows of the module's tables. */
#pragma once
#include <kontor.h>
#include <kontor/consents.h>
#include <kontor/web.h>
#include <kontor/work.h>

enum mailing_state { M_DRAFT = 1, M_SENDING, M_SENT, M_CANCELLED };
struct mailing {
    kt_record rec;
    kt_str name, purpose, subject, text, html, link, address;
    kt_id campaign, segment, owner;
    enum mailing_state state;
    kt_channel channel;
    int64_t a_minute, looked_at, letters, skipped, opened, clicked, opted_out, bounced, replied;
    bool track;
    kt_time sent_at;
};
struct letter {
    kt_record rec;
    kt_id mailing, party;
    kt_str token;
    kt_time sent_at, opened_at, clicked_at, opted_out_at, bounced_at, replied_at;
};
extern const kt_shape mailing_shape, letter_shape;
extern const kt_action mailing_actions[], letter_actions[];
extern const kt_work mailing_work;
kt_error *letter_read(kt_tx *tx, kt_web_request *request);
kt_error *letter_answer(kt_tx *tx, const kt_web_request *request, kt_web_response *response);
void letter_refuse(
    kt_tx *tx, const kt_web_request *request, const kt_error *error, kt_web_response *response);
kt_error *mailing_compute(kt_tx *tx, kt_record *self);
/* Segment as a filter of base.party. */
KT_MUST kt_error *segment_filter(kt_tx *tx, kt_id segment, kt_str *query);

#define MAILING_ENTITIES                                                                                     \
    {&mailing_shape, {"Mailing", "Wysyłka"}, {"Mailings", "Wysyłki"}, .title = "name",                       \
        .actions = mailing_actions, .compute = mailing_compute, .icon = "send",                              \
        .views = "[{\"kind\":\"list\",\"columns\":[\"name\",\"state\",\"letters\",\"opened\",\"clicked\","   \
                 "\"opted_out\"],\"sort\":\"-id\"}]"},                                                       \
    {                                                                                                        \
        &letter_shape, {"Letter of a mailing", "List z wysyłki"},                                            \
            {"Letters of mailings", "Listy z wysyłek"}, .indexes = "unique mailing party",                   \
                                                        .actions = letter_actions, .icon = "mail"            \
    }
#define MAILING_SERVICES                                                                                     \
    {                                                                                                        \
        "crm.mailing", 1, &mailing_work                                                                      \
    }
#define MAILING_ROUTES                                                                                       \
    {                                                                                                        \
        "/m/", letter_read, letter_answer, letter_refuse, .open = true                                       \
    }
#define MAILING_SELLER "; crm.mailing:read; crm.letter:read"
#define MAILING_HEAD   "; crm.mailing:*; crm.letter:read,update"
