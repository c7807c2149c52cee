#include "model/change.h"
#include "model/variant_test.h"

/* ---- A shop written in C: what a module's code and the core do together ---- */

enum { DRAFT = 1, POSTED, PAID };
static const kt_choice invoice_states[] = {{DRAFT, "draft", {"Draft", "Szkic"}, NULL},
    {POSTED, "posted", {"Posted", "Zaksięgowana"}, NULL}, {PAID, "paid", {"Paid", "Zapłacona"}, NULL}, {0}};
struct item {
    kt_record rec;
    kt_id from;
    kt_str text;
    kt_dec price, quantity;
};
static const kt_shape item_shape = KT_SHAPE(item, NULL,
    KT_FIELD(item, text, STRING, "Text", "Tekst", .required = true, .max = 10),
    KT_FIELD(item, price, MONEY, "Price", "Cena", .scale = 2, .required = true),
    KT_FIELD(item, quantity, QUANTITY, "Quantity", "Ilość", .scale = 3, .initial = "1"),
    KT_FIELD(item, from, REF, "From", "Skąd", .target = "s.shelf", .in_use = true));
struct shelf {
    kt_record rec;
    kt_str name;
    bool active;
};
static const kt_shape shelf_shape = KT_SHAPE(shelf, "s.shelf",
    KT_FIELD(shelf, name, STRING, "Name", "Nazwa", .required = true),
    KT_FIELD(shelf, active, BOOL, "Active", "Aktywna", .initial = "true"));
struct invoice {
    kt_record rec;
    kt_id shelf;
    kt_str buyer, note, secret, log, reason;
    kt_lines items;
    kt_dec total;
    unsigned state;
    int64_t prints;
};
static const kt_shape invoice_shape = KT_SHAPE(invoice, "s.invoice",
    KT_FIELD(invoice, buyer, STRING, "Buyer", "Nabywca", .required = true, .fixed = true),
    KT_FIELD(invoice, note, STRING, "Note", "Uwaga"),
    KT_FIELD(invoice, shelf, REF, "Shelf", "Półka", .target = "s.shelf", .in_use = true),
    KT_FIELD(invoice, secret, STRING, "Secret", "Sekret", .group = "secret"),
    KT_FIELD(invoice, items, LINES, "Items", "Pozycje", .lines = &item_shape),
    KT_FIELD(invoice, total, MONEY, "Total", "Razem", .scale = 2, .computed = true),
    KT_FIELD(invoice, log, STRING, "Log", "Dziennik", .computed = true, .recorded = true),
    KT_FIELD(invoice, state, STATE, "State", "Stan", .choices = invoice_states, .indexed = true),
    KT_FIELD(invoice, prints, INT, "Prints", "Wydruki", .readonly_if = "[[\"prints\", \">\", 5]]"),
    KT_FIELD(
        invoice, reason, STRING, "Reason", "Powód", .required_if = "[[\"prints\", \"between\", [2, 50]]]"));
struct mail {
    kt_record rec;
    kt_str text;
};
static const kt_shape mail_shape = KT_SHAPE(
    mail, "s.mail", KT_FIELD(mail, text, STRING, "Text", "Tekst", .required = true));
struct payment {
    kt_record rec;
    kt_dec amount;
};
static const kt_shape payment_shape = KT_SHAPE(
    payment, NULL, KT_FIELD(payment, amount, MONEY, "Amount", "Kwota", .scale = 2, .required = true));

static kt_error *invoice_compute(kt_tx *tx, kt_record *self)
{
    struct invoice *v = KT_AS(invoice, self);
    (void)tx;
    v->total = KT_DEC(0, 2);
    for (size_t i = 0; i < v->items.count; i++) {
        const struct item *item = KT_AS(item, kt_line(&v->items, i));
        v->total = kt_dec_add(v->total, kt_dec_mul(item->price, item->quantity, 2));
    }
    return NULL;
}

static kt_error *invoice_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    if (after && kt_dec_cmp(KT_SEE(invoice, after)->total, KT_DEC(100000, 2)) > 0)
        return kt_fail(tx, KT_RULE, "total", "is above the limit", "jest powyżej limitu");
    return NULL;
}

static kt_error *invoice_pay(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct invoice *v = KT_AS(invoice, self);
    const struct payment *p = KT_SEE(payment, params);
    if (kt_dec_cmp(p->amount, v->total) != 0)
        return kt_fail(tx, KT_RULE, "amount", "is not the total", "nie jest równe sumie");
    v->note = kt_format(tx, "paid by user %d", (int)kt_user(tx).v);
    struct mail mail = {KT_OF(mail), .text = KT_STR("Thank you")};
    return kt_create(tx, &mail.rec);
}

static const kt_action invoice_actions[] = {
    {.name = "post", .label = {"Post", "Zaksięguj"}, .right = "post", .from = KT_IN(DRAFT), .to = POSTED},
    {.name = "pay",
        .label = {"Pay", "Zapłać"},
        .right = "update",
        .from = KT_IN(POSTED),
        .to = PAID,
        .params = &payment_shape,
        .run = invoice_pay},
    {0}};

static kt_error *count_prints(kt_tx *tx, const kt_event *event)
{
    struct invoice v = *KT_SEE(invoice, event->after);
    v.prints++;
    return kt_update(tx, &v.rec);
}

static kt_error *refuse_paid(kt_tx *tx, const kt_event *event)
{
    if (KT_SEE(invoice, event->after)->prints == 99)
        return kt_fail(tx, KT_RULE, NULL, "no more paper", "brak papieru");
    return NULL;
}

static kt_error *mail_endless(kt_tx *tx, const kt_event *event)
{
    if (!str_is(KT_SEE(mail, event->after)->text, "again"))
        return NULL;
    struct mail mail = {KT_OF(mail), .text = KT_STR("again")};
    return kt_create(tx, &mail.rec);
}

static const kt_entity shop_entities[] = {{.shape = &invoice_shape,
                                              .label = {"Invoice", "Faktura"},
                                              .number = "!F/{year}/{month}/{seq}",
                                              .actions = invoice_actions,
                                              .compute = invoice_compute,
                                              .check = invoice_check},
    {.shape = &mail_shape, .label = {"Mail", "List"}, .number = "~M/{year}/{seq:3}"},
    {.shape = &shelf_shape, .label = {"Shelf", "Półka"}, .title = "name"}, {0}};
static const kt_handler shop_handlers[] = {{"s.invoice.post", &invoice_shape, count_prints},
    {"s.invoice.updated", &invoice_shape, refuse_paid}, {"s.mail.created", &mail_shape, mail_endless}, {0}};
static const kt_module shop = {.abi = KT_ABI,
    .name = "s",
    .version = "1.0.0",
    .label = {"Shop", "Sklep"},
    .entities = shop_entities,
    .handlers = shop_handlers};

static house open_shop(void)
{
    return house_open_with((const kt_module *const[]){&shop, NULL});
}

static kt_error *create(house *h, const char *values, model_record *record)
{
    return model_create(h->tx, house_entity(h, "s.invoice"), wire(h, values), record);
}

static kt_error *update(house *h, uint64_t id, uint32_t version, const char *values, model_record *record)
{
    return model_update(h->tx, house_entity(h, "s.invoice"), id, version, wire(h, values), record);
}

static kt_error *act(house *h, uint64_t id, const char *name, const char *params, model_record *record)
{
    const model_entity *invoice = house_entity(h, "s.invoice");
    return model_act(
        h->tx, invoice, id, 0, model_action_find(invoice, str_of(name)), wire(h, params), record, NULL);
}

#define ONE "{'buyer': 'Nowak', 'items': [{'text': 'bolt', 'price': '1.25', 'quantity': '3'}]}"

static void computed_fields_and_defaults_of_lines_are_filled(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_string_equal(said(create(&h,
                            "{'buyer': 'Nowak', 'items': [{'text': 'bolt', 'price': '1.25', 'quantity': '3'},"
                            " {'text': 'nut', 'price': '0.10'}]}",
                            &record)),
        "");
    assert_int_equal(house_value(&record, "total")->as.d.coef, 385);
    assert_string_equal(record.values[MODEL_NUMBER].as.s.ptr, "F/2026/11/1");
    house_close(&h);
}

static void all_problems_of_a_request_are_told_at_once(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    kt_error *error = create(&h,
        "{'items': [{'text': 'far too long a text', 'price': 1.5}], 'total': '1', 'what': 1,"
        " 'id': 4, 'prints': 'x', 'state': 'paid'}",
        &record);
    assert_non_null(error);
    const char *paths[] = {"items[0].price", "total", "what", "id", "prints", "state", "buyer"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        bool found = false;
        for (const problem *p = error->first; p; p = p->next)
            found |= p->path && strcmp(p->path, paths[i]) == 0;
        if (!found)
            fail_msg("%s is not in: %s", paths[i], error_text(error));
    }
    error = create(&h, "{'items': [{'text': 'bolt'}, {'price': '1'}], 'nothing': 1}", &record);
    assert_int_equal(error->count, 4); /* two missing members, the buyer, an unknown field */
    house_close(&h);
}

static void a_fixed_field_keeps_its_first_value(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_null(create(&h, ONE, &record));
    assert_null(update(&h, 1, 0, "{'buyer': 'Nowak', 'note': 'x'}", &record));
    kt_error *error = update(&h, 1, 0, "{'buyer': 'Other'}", &record);
    assert_string_equal(error->first->path, "buyer");
    house_close(&h);
}

#define ITEM(of) "{'text': 'bolt', 'price': '1', 'from': " #of "}"

static void callers_name_records_in_use_or_what_stood_there(void **state)
{
    (void)state;
    house h = open_shop();
    const model_entity *shelf = house_entity(&h, "s.shelf");
    model_record record;
    assert_null(model_create(h.tx, shelf, wire(&h, "{'name': 'Old'}"), &record));
    assert_null(model_create(h.tx, shelf, wire(&h, "{'name': 'New'}"), &record));
    assert_null(create(&h, "{'buyer': 'Nowak', 'shelf': 1, 'items': [" ITEM(1) "]}", &record));
    assert_null(model_update(h.tx, shelf, 1, 0, wire(&h, "{'active': false}"), &record));
    kt_error *error = create(
        &h, "{'buyer': 'Nowak', 'shelf': 1, 'items': [" ITEM(2) ", " ITEM(1) "], 'what': 1}", &record);
    assert_int_equal(error->count,
        3); /* the shelf, that of the second line, an unknown field; lines have their defaults */
    assert_string_equal(error->first->path, "shelf");
    assert_string_equal(error->first->text.en, "Old is not active");
    assert_string_equal(error->first->next->path, "items[1].from");
    assert_null(update(&h, 1, 0,
        "{'shelf': 1, 'note': 'x', 'items': [{'id': 1, 'text': 'nut', 'price': '1', 'from': 1}]}", &record));
    assert_null(update(&h, 1, 0, "{'shelf': 2}", &record));
    assert_string_equal(update(&h, 1, 0, "{'shelf': 1}", &record)->first->path, "shelf");
    assert_string_equal(update(&h, 1, 0, "{'items': [" ITEM(1) "]}", &record)->first->path, "items[0].from");
    struct invoice v = {KT_OF(invoice), .buyer = KT_STR("Nowak"), .shelf = {1}}; /* what a module writes */
    assert_null(kt_create(h.tx, &v.rec));
    house_close(&h);
}

static void what_a_condition_asks_for_is_kept_to(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_null(create(&h, ONE, &record));
    assert_null(update(&h, 1, 0, "{'prints': 1}", &record));
    assert_string_equal(update(&h, 1, 0, "{'prints': 2}", &record)->first->path, "reason");
    assert_null(update(&h, 1, 0, "{'prints': 2, 'reason': 'lost'}", &record));
    assert_string_equal(update(&h, 1, 0, "{'reason': null}", &record)->first->path, "reason");
    assert_null(update(&h, 1, 0, "{'prints': 6}", &record)); /* it was not so many yet */
    kt_error *error = update(&h, 1, 0, "{'prints': 1, 'note': 'x'}", &record);
    assert_string_equal(error->first->path, "prints");
    assert_int_equal(error->first->kind, KT_BAD_STATE);
    assert_null(update(&h, 1, 0, "{'prints': 6, 'note': 'x'}", &record)); /* as it is already */
    house_close(&h);
}

static void an_old_version_conflicts_and_tells_both_values(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_null(create(&h, ONE, &record));
    assert_null(update(&h, 1, 1, "{'note': 'first'}", &record));
    kt_error *error = update(&h, 1, 1, "{'note': 'second', 'prints': 0}", &record);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_non_null(strstr(error_text(error), "second"));
    assert_non_null(strstr(error_text(error), "first"));
    assert_null(update(&h, 1, 2, "{'note': 'second'}", &record));
    assert_int_equal(record.values[MODEL_VERSION].as.i, 3);
    house_close(&h);
}

static void an_upsert_creates_then_updates(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    bool created;
    const model_entity *invoice = house_entity(&h, "s.invoice");
    assert_null(model_upsert(h.tx, invoice, KT_STR("x-1"), wire(&h, ONE), &record, &created));
    assert_true(created);
    assert_null(model_upsert(h.tx, invoice, KT_STR("x-1"), wire(&h, "{'note': 'again'}"), &record, &created));
    assert_false(created);
    assert_int_equal(record_id(&record), 1);
    uint64_t id;
    assert_null(model_find_external(h.tx, invoice, KT_STR("x-1"), &id));
    assert_int_equal(id, 1);
    assert_null(model_find_number(h.tx, invoice, KT_STR("F/2026/11/1"), &id));
    assert_int_equal(id, 1);
    h.tx->company = 2;
    assert_null(model_find_number(h.tx, invoice, KT_STR("F/2026/11/1"), &id));
    assert_int_equal(id, 0); /* another company's */
    house_close(&h);
}

static void the_state_changes_by_actions_alone(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_null(create(&h, ONE, &record));
    kt_error *error = update(&h, 1, 0, "{'state': 'posted'}", &record);
    assert_int_equal(error->first->kind, KT_BAD_STATE);
    error = act(&h, 1, "pay", "{'amount': '3.75'}", &record);
    assert_int_equal(error->first->kind, KT_BAD_STATE);
    assert_string_equal(
        error->first->text.en, "pay is not possible while the state is draft; possible in: posted");
    assert_string_equal(said(act(&h, 1, "post", "{}", &record)), "");
    assert_int_equal(house_value(&record, "state")->as.i, POSTED);
    assert_int_equal(house_value(&record, "prints")->as.i, 1); /* the handler's change */
    error = act(&h, 1, "pay", "{'amount': '3.70'}", &record);
    assert_int_equal(error->first->kind, KT_RULE);
    assert_null(h.tx->doomed); /* nothing was written: the transaction may go on */
    assert_string_equal(said(act(&h, 1, "pay", "{'amount': '3.75'}", &record)), "");
    assert_string_equal(house_value(&record, "note")->as.s.ptr, "paid by user 1");
    assert_int_equal(house_value(&record, "state")->as.i, PAID);
    assert_null(model_commit_checks(h.tx));
    house_close(&h);
}

static void a_module_may_choose_the_id_of_a_new_line(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    struct invoice v = {KT_OF(invoice)};
    struct item line = {KT_OF(item), .text = KT_STR("nut"), .price = KT_DEC(1, 0), .quantity = KT_DEC(1, 0)};
    assert_null(create(
        &h, "{'buyer': 'N', 'items': [{'text': 'a', 'price': '1'}, {'text': 'b', 'price': '1'}]}", &record));
    assert_null(update(&h, 1, 0, "{'items': [{'id': 1}]}", &record)); /* line 2 is gone, its id is not free */
    assert_null(kt_read(h.tx, (kt_id){1}, &v.rec));
    line.rec.id.v = 2;
    assert_null(kt_line_add(h.tx, &v.items, &line.rec));
    kt_error *used = kt_update(h.tx, &v.rec);
    assert_string_equal(said(used), "items[1]: there is no line 2");
    kt_line(&v.items, 1)->id.v = 7;
    assert_null(kt_update(h.tx, &v.rec));
    assert_null(kt_read(h.tx, (kt_id){1}, &v.rec));
    assert_int_equal(kt_line(&v.items, 1)->id.v, 7);
    house_close(&h);
}

static void unknown_parameters_of_an_action_are_refused(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_null(create(&h, ONE, &record));
    kt_error *error = act(&h, 1, "post", "{'tip': 1}", &record); /* which has none */
    assert_string_equal(said(error), "tip: there is no such parameter: \"tip\"");
    assert_string_equal(error->first->hint.en, "There are: id, if_version.");
    assert_null(act(&h, 1, "post", "{}", &record));
    error = act(&h, 1, "pay", "{'amount': '3.75', 'dry_run': 1}", &record);
    assert_string_equal(error->first->hint.en,
        "It stands beside the params of the message, not in them. There are: id, if_version, amount.");
    assert_non_null(act(&h, 1, "pay", "{}", &record));
    house_close(&h);
}

static void allowed_actions_follow_the_state(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    buffer out;
    buffer_open(&out, 1000);
    json j = json_to(&out);
    assert_null(create(&h, ONE, &record));
    model_allowed_actions(h.tx, &record, &j);
    assert_memory_equal(out.ptr, "[\"post\"]", 8);
    buffer_close(&out);
    house_close(&h);
}

static void a_handlers_error_dooms_the_transaction(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_null(create(&h, ONE, &record));
    assert_non_null(update(&h, 1, 0, "{'prints': 99}", &record));
    assert_non_null(h.tx->doomed);
    assert_ptr_equal(model_commit_checks(h.tx), h.tx->doomed);
    house_close(&h);
}

static void endless_events_are_stopped(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    kt_error *error = model_create(h.tx, house_entity(&h, "s.mail"), wire(&h, "{'text': 'again'}"), &record);
    assert_int_equal(error->first->kind, KT_LIMIT);
    house_close(&h);
}

static void checks_see_the_records_as_they_are_at_the_end(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_null(create(&h, "{'buyer': 'N', 'items': [{'text': 'house', 'price': '1000.01'}]}", &record));
    assert_non_null(model_commit_checks(h.tx));
    assert_string_equal(said(update(&h, 1, 0, "{'items': [{'id': 1, 'price': '1000.00'}]}", &record)), "");
    assert_null(model_commit_checks(h.tx));
    house_close(&h);
}

static void gapless_numbers_have_no_gaps(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    const model_entity *invoice = house_entity(&h, "s.invoice");
    for (int i = 0; i < 3; i++) {
        assert_null(create(&h, ONE, &record));
        assert_non_null(create(&h, "{'note': 'no buyer'}", &record)); /* takes no number */
    }
    kt_error *error = model_delete(h.tx, invoice, 2, 0);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_null(model_delete(h.tx, invoice, 3, 0)); /* the last one */
    assert_null(create(&h, ONE, &record));
    assert_string_equal(record.values[MODEL_NUMBER].as.s.ptr, "F/2026/11/3");
    h.tx->company = 2; /* each company counts for itself */
    assert_string_equal(said(create(&h, ONE, &record)), "");
    assert_string_equal(record.values[MODEL_NUMBER].as.s.ptr, "F/2026/11/1");
    house_close(&h);
}

static void an_id_may_be_reserved_and_pointed_to(void **state)
{
    (void)state;
    house h = open_shop();
    model_savepoint save;
    struct shelf shelf = {KT_OF(shelf), .name = KT_STR("A"), .active = true}, gone = shelf, read = shelf;
    struct invoice v = {KT_OF(invoice), .buyer = KT_STR("Nowak"), .shelf = {1}, .state = DRAFT};
    assert_string_equal(said(kt_create(h.tx, &v.rec)), "shelf: there is no s.shelf with id 1");
    assert_null(kt_reserve_id(h.tx, &shelf.rec));
    assert_int_equal(shelf.rec.id.v, 1);
    assert_null(kt_create(h.tx, &v.rec));
    assert_string_equal(said(kt_read(h.tx, shelf.rec.id, &read.rec)), "id: there is no s.shelf with id 1");
    assert_string_equal(
        said(model_commit_checks(h.tx)), "s.shelf 1 was announced and not created"); /* v points nowhere */
    assert_null(model_savepoint_set(h.tx, &save));
    assert_null(kt_reserve_id(h.tx, &gone.rec));
    assert_int_equal(gone.rec.id.v, 2);
    assert_null(model_savepoint_back(h.tx, &save)); /* nobody waits for that one any more */
    assert_null(kt_create(h.tx, &shelf.rec));
    assert_int_equal(shelf.rec.id.v, 1);
    assert_null(model_commit_checks(h.tx));
    assert_null(kt_read(h.tx, shelf.rec.id, &read.rec));
    assert_null(kt_create(h.tx, &gone.rec)); /* an id that is left over from elsewhere counts for nothing */
    assert_int_equal(gone.rec.id.v, 2);
    struct mail mail = {KT_OF(mail), .text = KT_STR("a")};
    assert_null(kt_reserve_id(h.tx, &mail.rec));
    assert_null(model_savepoint_set(h.tx, &save));
    assert_null(kt_create(h.tx, &mail.rec));
    assert_null(model_commit_checks(h.tx));
    assert_null(model_savepoint_back(h.tx, &save));
    assert_string_equal(said(model_commit_checks(h.tx)), "s.mail 1 was announced and not created");
    assert_null(kt_create(h.tx, &mail.rec));
    assert_null(kt_delete(h.tx, &mail.rec)); /* it was there */
    assert_null(model_commit_checks(h.tx));
    house_close(&h);
}

static void a_number_may_be_given_later_by_any_series(void **state)
{
    (void)state;
    house h = open_shop();
    struct mail first = {KT_OF(mail), .text = KT_STR("a")}, second = {KT_OF(mail), .text = KT_STR("b")};
    assert_null(kt_create(h.tx, &first.rec));
    assert_null(kt_create(h.tx, &second.rec));
    assert_null(first.rec.number.ptr);
    assert_null(kt_number(h.tx, &second.rec, NULL, kt_date_make(2025, 12, 31)));
    assert_null(kt_update(h.tx, &second.rec));
    assert_null(kt_number(h.tx, &first.rec, NULL, kt_date_make(2025, 1, 1)));
    assert_null(kt_update(h.tx, &first.rec));
    struct mail read = {KT_OF(mail)};
    assert_null(kt_read(h.tx, second.rec.id, &read.rec));
    assert_string_equal(read.rec.number.ptr, "M/2025/001");
    assert_null(kt_read(h.tx, first.rec.id, &read.rec));
    assert_string_equal(read.rec.number.ptr, "M/2025/002");
    struct mail other = {KT_OF(mail), .text = KT_STR("c")};
    assert_null(kt_number(h.tx, &other.rec, "K/{month}/{seq}", kt_date_make(2026, 3, 1)));
    assert_string_equal(other.rec.number.ptr, "K/03/1"); /* a series of its own */
    assert_int_equal(
        kt_number(h.tx, &other.rec, "no counter", kt_date_make(2026, 3, 1))->first->kind, KT_RULE);
    house_close(&h);
}

static void an_action_run_by_a_module_without_its_parameters_names_them(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    assert_string_equal(said(create(&h, ONE, &record)), "");
    struct invoice invoice = {KT_OF(invoice)};
    assert_null(kt_read(h.tx, (kt_id){record_id(&record)}, &invoice.rec));
    assert_null(kt_act(h.tx, &invoice.rec, "post", NULL));
    const kt_error *error = kt_act(h.tx, &invoice.rec, "pay", NULL);
    assert_string_equal(error->first->path, "amount");
    house_close(&h);
}

static void a_module_may_say_whose_a_record_is(void **state)
{
    (void)state;
    house h = open_shop();
    struct mail mail = {KT_OF(mail), .text = KT_STR("a")}, read = {KT_OF(mail)};
    h.tx->company = 0; /* the caller chose none */
    mail.rec.company = (kt_id){3};
    assert_null(kt_create(h.tx, &mail.rec));
    assert_null(kt_read(h.tx, mail.rec.id, &read.rec));
    assert_int_equal(read.rec.company.v, 3);
    read.rec.company = (kt_id){4}; /* it has one: it keeps it */
    read.text = KT_STR("b");
    assert_null(kt_update(h.tx, &read.rec));
    assert_null(kt_read(h.tx, mail.rec.id, &read.rec));
    assert_int_equal(read.rec.company.v, 3);
    house_close(&h);
}

static void imports_may_bring_authors_numbers_states_and_records(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    const char
        *values = "{'buyer': 'N', 'state': 'paid', 'number': 'OLD/7', 'created_at': '2020-01-02T03:04:05Z',"
                  " 'log': 'as it was'}";
    assert_non_null(create(&h, values, &record));
    h.tx->keep_authors = true;
    assert_string_equal(said(create(&h, values, &record)), "");
    assert_string_equal(record.values[MODEL_NUMBER].as.s.ptr, "OLD/7");
    assert_int_equal(record.values[MODEL_CREATED_AT].as.i, 1577934245000);
    assert_string_equal(
        record.values[model_field_find(record.entity, KT_STR("log"))->position].as.s.ptr, "as it was");
    assert_non_null(create(&h, "{'buyer': 'N', 'total': '1.00'}", &record));
    house_close(&h);
}

/* ---- Rights ---- */

static kt_error *may_entity(kt_tx *tx, const model_entity *entity, const char *action)
{
    (void)entity;
    return strcmp(action, "post") == 0 ? kt_fail(tx, KT_FORBIDDEN, NULL, "no", "nie") : NULL;
}

static bool may_record(kt_tx *tx, const model_record *record, const char *action)
{
    (void)tx;
    const model_value *note = house_value(record, "note");
    if (note->set && str_is(note->as.s, "hidden"))
        return false;
    return !(note->set && str_is(note->as.s, "read only")) || strcmp(action, "read") == 0;
}

static bool may_field(kt_tx *tx, const model_field *field, const model_entity *entity, bool write)
{
    (void)tx, (void)entity, (void)write;
    return !str_is(field->group, "secret");
}

static const model_guard guard = {.entity = may_entity, .record = may_record, .field = may_field};

static void rights_hold_for_every_verb(void **state)
{
    (void)state;
    house h = open_shop();
    model_record record;
    const model_entity *invoice = house_entity(&h, "s.invoice");
    assert_null(create(&h, "{'buyer': 'N', 'note': 'hidden'}", &record));
    assert_null(create(&h, "{'buyer': 'N', 'note': 'read only'}", &record));
    assert_null(create(&h, "{'buyer': 'N'}", &record));
    assert_true(kt_shows(h.tx, "s.invoice", "secret"));
    h.tx->guard = &guard;
    assert_true(kt_shows(h.tx, "s.invoice", "total"));
    assert_false(kt_shows(h.tx, "s.invoice", "secret") || kt_shows(h.tx, "s.none", "total"));
    kt_error *hidden = model_read(h.tx, invoice, 1, &record),
             *absent = model_read(h.tx, invoice, 99, &record);
    assert_int_equal(hidden->first->kind, KT_NOT_FOUND);
    assert_int_equal(absent->first->kind, KT_NOT_FOUND);
    assert_int_equal(update(&h, 1, 0, "{}", &record)->first->kind, KT_NOT_FOUND);
    assert_int_equal(model_delete(h.tx, invoice, 1, 0)->first->kind, KT_NOT_FOUND);
    assert_null(model_read(h.tx, invoice, 2, &record));
    assert_int_equal(update(&h, 2, 0, "{'prints': 1}", &record)->first->kind, KT_FORBIDDEN);
    assert_int_equal(model_delete(h.tx, invoice, 2, 0)->first->kind, KT_FORBIDDEN);
    assert_int_equal(act(&h, 3, "post", "{}", &record)->first->kind, KT_FORBIDDEN);
    assert_int_equal(create(&h, "{'buyer': 'N', 'note': 'hidden'}", &record)->first->kind, KT_FORBIDDEN);
    kt_error *secret = update(&h, 3, 0, "{'secret': 'x'}", &record),
             *unknown = update(&h, 3, 0, "{'sacret': 'x'}", &record);
    assert_int_equal(secret->first->kind, KT_VALIDATION); /* as a field that does not exist */
    assert_string_equal(said(secret), "secret: s.invoice has no field \"secret\"");
    assert_string_equal(said(unknown), "sacret: s.invoice has no field \"sacret\"");
    assert_null(unknown->first->hint.en); /* it would tell what there is */
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computed_fields_and_defaults_of_lines_are_filled),
        cmocka_unit_test(all_problems_of_a_request_are_told_at_once),
        cmocka_unit_test(a_fixed_field_keeps_its_first_value),
        cmocka_unit_test(callers_name_records_in_use_or_what_stood_there),
        cmocka_unit_test(what_a_condition_asks_for_is_kept_to),
        cmocka_unit_test(an_old_version_conflicts_and_tells_both_values),
        cmocka_unit_test(an_upsert_creates_then_updates),
        cmocka_unit_test(the_state_changes_by_actions_alone),
        cmocka_unit_test(a_module_may_choose_the_id_of_a_new_line),
        cmocka_unit_test(unknown_parameters_of_an_action_are_refused),
        cmocka_unit_test(allowed_actions_follow_the_state),
        cmocka_unit_test(a_handlers_error_dooms_the_transaction),
        cmocka_unit_test(endless_events_are_stopped),
        cmocka_unit_test(checks_see_the_records_as_they_are_at_the_end),
        cmocka_unit_test(gapless_numbers_have_no_gaps),
        cmocka_unit_test(a_number_may_be_given_later_by_any_series),
        cmocka_unit_test(an_action_run_by_a_module_without_its_parameters_names_them),
        cmocka_unit_test(a_module_may_say_whose_a_record_is),
        cmocka_unit_test(an_id_may_be_reserved_and_pointed_to),
        cmocka_unit_test(imports_may_bring_authors_numbers_states_and_records),
        cmocka_unit_test(rights_hold_for_every_verb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
