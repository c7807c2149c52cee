/* roundtrip_test.c -- what a house exports, another one takes in as it was, and it itself without a change:
 * records of all field types with seeded random values, through each format. KONTOR_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "kit/dice.h"
#include "kit/str.h"
#include "server/testing.h"

/* ---- A module with every type of field ---- */

enum { RED = 1, GREEN };
static const kt_choice colours[] = {
    {RED, "red", {"Red", "Czerwony"}}, {GREEN, "green", {"Green", "Zielony"}}, {0}};

struct part {
    kt_record rec;
    kt_str name;
    kt_dec quantity;
};
static const kt_shape part_shape = KT_SHAPE(part, NULL,
    KT_FIELD(part, name, STRING, "Name", "Nazwa", .required = true),
    KT_FIELD(part, quantity, QUANTITY, "Quantity", "Ilość", .scale = 3));
struct tag {
    kt_record rec;
    kt_str name;
};
static const kt_shape tag_shape = KT_SHAPE(
    tag, "lab.tag", KT_FIELD(tag, name, STRING, "Name", "Nazwa", .unique = true));
struct past {
    kt_record rec;
    kt_time at;
    kt_str was;
};
static const kt_shape past_shape = KT_SHAPE(
    past, NULL, KT_FIELD(past, at, TIME, "At", "Kiedy"), KT_FIELD(past, was, STRING, "Title", "Tytuł"));
struct sample {
    kt_record rec;
    kt_str title, notes, secret, more;
    bool fresh;
    int64_t count;
    kt_dec amount, price, share, rate;
    kt_date day;
    kt_time at;
    unsigned colour;
    kt_id tag, about, before, paper;
    kt_lines tags, parts, history;
};
static const kt_shape sample_shape = KT_SHAPE(sample, "lab.sample",
    KT_FIELD(sample, title, STRING, "Title", "Tytuł", .indexed = true, .searchable = true),
    KT_FIELD(sample, notes, TEXT, "Notes", "Uwagi"),
    KT_FIELD(sample, secret, STRING, "Secret", "Tajemnica", .personal = true),
    KT_FIELD(sample, more, JSON, "More", "Więcej"), KT_FIELD(sample, fresh, BOOL, "Fresh", "Świeża"),
    KT_FIELD(sample, count, INT, "Count", "Liczba"),
    KT_FIELD(sample, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(sample, price, PRICE, "Price", "Cena", .scale = 4),
    KT_FIELD(sample, share, PERCENT, "Share", "Udział", .scale = 4),
    KT_FIELD(sample, rate, RATE, "Rate", "Kurs", .scale = 9), KT_FIELD(sample, day, DATE, "Day", "Dzień"),
    KT_FIELD(sample, at, TIME, "At", "Kiedy"),
    KT_FIELD(sample, colour, STATE, "Colour", "Kolor", .choices = colours),
    KT_FIELD(sample, tag, REF, "Tag", "Etykieta", .target = "lab.tag"),
    KT_FIELD(sample, about, REF, "About", "Dotyczy", .target = "*"),
    KT_FIELD(sample, before, REF, "Before", "Poprzednia", .target = "lab.tag"),
    KT_FIELD(sample, tags, REFS, "Tags", "Etykiety", .target = "lab.tag"),
    KT_FIELD(sample, paper, FILE, "Paper", "Dokument"),
    KT_FIELD(sample, parts, LINES, "Parts", "Części", .lines = &part_shape),
    KT_FIELD(sample, history, LINES, "History", "Historia", .lines = &past_shape, .computed = true,
        .recorded = true));
/* Keeps each title that it had. */
static kt_error *sample_compute(kt_tx *tx, kt_record *self)
{
    struct sample *s = KT_AS(sample, self);
    const struct past *last = s->history.count ? KT_AS(past, kt_line(&s->history, s->history.count - 1))
                                               : NULL;
    if (last && str_eq(last->was, s->title))
        return NULL;
    struct past now = {.rec.of = &past_shape, .at = kt_now(tx), .was = s->title};
    return kt_line_add(tx, &s->history, &now.rec);
}
struct attachment { /* what the server needs to keep files by */
    kt_record rec;
    kt_str name, type, sha256;
    int64_t size;
};
static const kt_shape attachment_shape = KT_SHAPE(attachment, "base.attachment",
    KT_FIELD(attachment, name, STRING, "Name", "Nazwa"), KT_FIELD(attachment, type, STRING, "Type", "Typ"),
    KT_FIELD(attachment, sha256, STRING, "Hash", "Skrót"),
    KT_FIELD(attachment, size, INT, "Size", "Rozmiar"));
struct named {
    kt_record rec;
    kt_str name;
};
static const kt_shape company_shape = KT_SHAPE(
    named, "base.company", KT_FIELD(named, name, STRING, "Name", "Nazwa"));
static const kt_shape party_shape = KT_SHAPE(
    named, "base.party", KT_FIELD(named, name, STRING, "Name", "Nazwa"));
static const kt_module base = KT_MODULE("base", "1.0.0", "Base", "Baza",
    .entities = KT_LIST(kt_entity, {&attachment_shape, {"File", "Plik"}, {"Files", "Pliki"}},
        {&company_shape, {"Company", "Firma"}, {"Companies", "Firmy"}},
        {&party_shape, {"Party", "Strona"}, {"Parties", "Strony"}}));
static const kt_module lab = KT_MODULE("lab", "1.0.0", "Lab", "Laboratorium",
    .entities = KT_LIST(kt_entity, {&tag_shape, {"Tag", "Etykieta"}, {"Tags", "Etykiety"}, .title = "name"},
        {&sample_shape, {"Sample", "Próbka"}, {"Samples", "Próbki"}, .title = "title", .number = "S/{seq:4}",
            .compute = sample_compute}));
static const kt_module *const modules[] = {&base, &lab, NULL};

/* ---- Random values ---- */

static uint64_t dice;

static uint64_t pick(uint64_t n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice % n;
}

/* What breaks formats: separators, quotes, breaks, blanks, formulas, apostrophes, other alphabets. */
static const char *const pieces[] = {"Zażółć", " gęślą", "jaźń", ",", ";", "\\\"", "'", "=1+1",
    "=cmd|' /C calc'!A0", "+48 600", "-5", "@SUM(A1)", "''=x", "|", "  ", "0012", "1.5", "true", "Łódź",
    "\\u0416\\u0443\\u043a", "_x000D_", "a", "<b>&amp;", "]]>", "[1]", "{}", "null", "\\\\", "%"};

static void add_string(buffer *out, bool breaks)
{
    buffer_add_char(out, '"');
    for (uint64_t n = pick(5); n; n--) {
        buffer_add_str(out, str_of(pieces[pick(sizeof pieces / sizeof *pieces)]));
        if (breaks && pick(3) == 0)
            buffer_add_str(out, pick(2) ? KT_STR("\\n") : pick(2) ? KT_STR("\\r\\n") : KT_STR("\\t"));
    }
    buffer_add_char(out, '"');
}

static void add_decimal(buffer *out, int scale)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%0*llu", scale + 1,
        (unsigned long long)(pick(4) ? pick(100000) : pick(UINT64_C(99999999999999999))));
    buffer_add_format(out, "\"%s%.*s.%s\"", pick(2) ? "-" : "", n - scale, digits, digits + n - scale);
}

enum { PAPERS = 3, CARRIED_FROM = 1000 }; /* attachments: the samples' own, those of what is carried */

static void add_sample(buffer *out, uint64_t tags)
{
    buffer_add_str(out, KT_STR("{\"title\":"));
    add_string(out, false);
    buffer_add_str(out, KT_STR(",\"notes\":"));
    add_string(out, true);
    buffer_add_str(out, KT_STR(",\"secret\":"));
    add_string(out, false);
    buffer_add_format(out, ",\"fresh\":%s", pick(2) ? "true" : "false");
    if (pick(4))
        buffer_add_format(
            out, ",\"count\":%lld", (long long)pick(UINT64_C(9007199254740993000)) - (long long)pick(1000));
    if (pick(4)) {
        buffer_add_str(out, KT_STR(",\"amount\":"));
        add_decimal(out, 2);
        buffer_add_str(out, KT_STR(",\"price\":"));
        add_decimal(out, 4);
        buffer_add_str(out, KT_STR(",\"share\":"));
        add_decimal(out, 4);
    }
    if (pick(4))
        buffer_add_format(out, ",\"rate\":\"%llu.%09llu\"", (unsigned long long)pick(1000),
            (unsigned long long)pick(1000000000));
    if (pick(4))
        buffer_add_format(out, ",\"day\":\"%04d-%02d-%02d\"", (int)(1850 + pick(300)), (int)(1 + pick(12)),
            (int)(1 + pick(28)));
    if (pick(4))
        buffer_add_format(out, ",\"at\":\"20%02d-03-%02dT%02d:15:00.%03dZ\"", (int)(10 + pick(30)),
            (int)(1 + pick(28)), (int)pick(24), (int)pick(1000));
    if (pick(3))
        buffer_add_format(out, ",\"colour\":\"%s\"", pick(2) ? "red" : "green");
    if (pick(2))
        buffer_add_format(out, ",\"tag\":%llu", (unsigned long long)(1 + pick(tags)));
    if (pick(2))
        buffer_add_format(
            out, ",\"about\":{\"entity\":\"lab.tag\",\"id\":%llu}", (unsigned long long)(1 + pick(tags)));
    if (pick(2))
        buffer_add_format(out, ",\"paper\":%llu", (unsigned long long)(1 + pick(PAPERS)));
    if (pick(2))
        buffer_add_format(out, ",\"tags\":[%llu,%llu]", 1ULL, (unsigned long long)(1 + pick(tags)));
    if (pick(2)) {
        buffer_add_str(out, KT_STR(",\"more\":{\"a\":[1,\"x;y\",null],\"b\":"));
        add_string(out, true);
        buffer_add_char(out, '}');
    }
    if (pick(2)) {
        buffer_add_str(out, KT_STR(",\"parts\":["));
        for (uint64_t n = 1 + pick(3); n; n--) {
            buffer_add_str(out, KT_STR("{\"name\":\"p "));
            buffer_add_str(out, str_of(pieces[pick(5)]));
            buffer_add_format(
                out, "\",\"quantity\":\"%llu.125\"}%s", (unsigned long long)pick(50), n > 1 ? "," : "");
        }
        buffer_add_char(out, ']');
    }
    if (pick(3) == 0)
        buffer_add_format(out, ",\"external_id\":\"x;%llu\"", (unsigned long long)pick(UINT64_C(1) << 60));
    buffer_add_char(out, '}');
}

static void fill(house *h)
{
    buffer text;
    uint64_t tags = 5;
    buffer_open(&text, 1 << 20);
    for (uint64_t i = 1; i <= tags; i++)
        (void)house_result(
            h, "lab.tag.create", "{\"values\":{\"name\":\"Tag %llu; \\\"ż\\\"\"}}", (unsigned long long)i);
    for (uint64_t i = 1; i <= PAPERS; i++)
        (void)house_result(h, "base.attachment.create",
            "{\"values\":{\"name\":\"paper "
            "%llu.pdf\",\"type\":\"application/pdf\",\"size\":%llu,\"sha256\":\"%064llx\"}}",
            (unsigned long long)i, (unsigned long long)(i * 1000), (unsigned long long)i);
    for (int i = 0; i < 120; i++) {
        buffer_clear(&text);
        add_sample(&text, tags);
        buffer_add_char(&text, 0);
        (void)house_result(h, "lab.sample.create", "{\"values\":%s}", text.ptr);
    }
    for (int i = 1; i <= 120; i += 7) /* gaps, and versions above 1 */
        (void)house_result(h, "lab.sample.delete", "{\"id\":%d}", i);
    for (int i = 2; i <= 120; i += 7)
        (void)house_result(h, "lab.sample.update", "{\"id\":%d,\"values\":{\"title\":\"changed\"}}", i);
    buffer_close(&text);
}

/* ---- State ---- */

/* Everything of an entity but the version, as one text; of attachments those that came first. */
static kt_str state_of(house *h, const char *entity)
{
    buffer text;
    char method[60];
    buffer_open(&text, (size_t)8 << 20);
    json j = json_to(&text);
    (void)snprintf(method, sizeof method, "%s.list", entity);
    const variant *rows = house_at(
        house_result(h, method, "{\"limit\":500,\"sort\":\"id\",\"filter\":[[\"id\",\"<=\",%d]]}",
            strcmp(entity, "base.attachment") ? CARRIED_FROM : PAPERS),
        "rows");
    for (size_t i = 0; i < rows->as.array.count; i++) {
        const variant *row = &rows->as.array.items[i];
        for (size_t k = 0; k < row->as.object.count; k++)
            if (!str_is(row->as.object.members[k].name, "version")) {
                buffer_add_str(&text, row->as.object.members[k].name);
                json_variant(&j, row->as.object.members[k].value);
            }
        buffer_add_char(&text, '\n');
    }
    assert_false(text.full);
    kt_str kept = arena_str(house_arena(h), buffer_str(&text));
    buffer_close(&text);
    return kept;
}

static void same_state(kt_str a, kt_str b)
{
    size_t i = 0;
    while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i])
        i++;
    if (i < a.len || i < b.len)
        fail_msg("the states differ from here on:\n%.300s\n--\n%.300s", a.ptr + (i > 150 ? i - 150 : 0),
            b.ptr + (i > 150 ? i - 150 : 0));
}

/* ---- Jobs and files ---- */

static const variant *ended(house *h, const variant *job)
{
    int64_t id = house_int(job, "id");
    for (int i = 0; i < 20000; i++) {
        const variant *now = house_result(h, "job.get", "{\"id\":%lld}", (long long)id);
        const char *state = house_text(now, "state");
        if (strcmp(state, "done") == 0)
            return now;
        if (strcmp(state, "failed") == 0) {
            const variant *problems = house_result(h, "job.problems", "{\"id\":%lld}", (long long)id);
            fail_msg("%s: %s, row %lld, column %s, path %s", house_text(now, "title"),
                house_text(now, "message"), (long long)house_int(problems, "problems.0.row"),
                house_text(problems, "problems.0.column"), house_text(problems, "problems.0.path"));
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fail_msg("the job does not end");
    return NULL;
}

/* Copies the content of a file from one house's store to the other's, with an attachment beyond those of the
 * samples: as a person would by way of a disk. */
static int64_t carry(house *from, house *to, const variant *result)
{
    const char *hash = house_text(result, "result.sha256");
    char source[600], folder[600], target[700], command[2100];
    (void)snprintf(source, sizeof source, "%s/files/%.2s/%s", house_directory(from), hash, hash);
    (void)snprintf(folder, sizeof folder, "%s/files/%.2s", house_directory(to), hash);
    (void)snprintf(target, sizeof target, "%s/%s", folder, hash);
    (void)snprintf(command, sizeof command, "mkdir -p '%s' && cp '%s' '%s'", folder, source, target);
    if (from != to)
        assert_int_equal(system(command), 0);
    static int64_t carried = CARRIED_FROM;
    int64_t id = ++carried;
    (void)ended(to,
        house_result(to, "import.start",
            "{\"entity\":\"base.attachment\",\"text\":\"id,version,name,size,sha256\\n%lld,1,%s,%lld,%s\\n\","
            "\"mapping\":{\"keep\":true}}",
            (long long)id, house_text(result, "result.name"), (long long)house_int(result, "result.size"),
            hash));
    return id;
}

static const variant *take_in(house *h, const char *entity, int64_t file, bool keep)
{
    return ended(
        h, house_result(h, "import.start", "{\"entity\":\"%s\",\"file\":%lld,\"mapping\":{\"keep\":%s}}",
               entity, (long long)file, keep ? "true" : "false"));
}

static void there_and_back(const char *format, const char *more)
{
    dice = dice_seed() + (uint64_t)strlen(format);
    house *first = house_open(modules);
    fill(first);
    house *second = house_open(modules);
    const char *const entities[] = {"base.attachment", "lab.tag", "lab.sample"};
    for (size_t i = 0; i < 3; i++) {
        const variant *made = ended(
            first, house_result(first, "export.start",
                       "{\"entity\":\"%s\",\"format\":\"%s\",\"filter\":[[\"id\",\"<=\",%d]]%s}", entities[i],
                       format, i ? CARRIED_FROM : PAPERS, more));
        kt_str before = state_of(first, entities[i]);
        const variant *again = take_in(first, entities[i], carry(first, first, made), false);
        assert_int_equal(house_int(again, "result.unchanged"), house_int(made, "result.rows"));
        same_state(before, state_of(first, entities[i]));
        const variant *moved = take_in(second, entities[i], carry(first, second, made), true);
        assert_int_equal(house_int(moved, "result.created"), house_int(made, "result.rows"));
        same_state(before, state_of(second, entities[i]));
    }
    house_close(second);
    house_close(first);
}

static void csv_comes_back_as_it_was(void **state)
{
    (void)state;
    there_and_back("csv", "");
}

static void csv_with_semicolons_and_labels_comes_back(void **state)
{
    (void)state;
    there_and_back("csv", ",\"separator\":\";\",\"labels\":true");
}

static void json_lines_come_back_as_they_were(void **state)
{
    (void)state;
    there_and_back("jsonl", "");
}

static void a_workbook_comes_back_as_it_was(void **state)
{
    (void)state;
    there_and_back("xlsx", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_comes_back_as_it_was),
        cmocka_unit_test(csv_with_semicolons_and_labels_comes_back),
        cmocka_unit_test(json_lines_come_back_as_they_were),
        cmocka_unit_test(a_workbook_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
