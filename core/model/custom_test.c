#include "model/variant_test.h"

/* What the plugin room does after a definition is committed. */
static void next_generation(house *h)
{
    const model_catalogue *was = h->catalogue;
    h->catalogue = h->tx->catalogue = house_build(
        h->arena, h->tx->view, (const kt_module *const[]){&house_module, NULL});
    model_catalogue_release(was);
    h->tx->changes = h->tx->last_change = NULL; /* of another transaction, under another catalogue */
    h->tx->change_table = NULL;
}

static kt_error *call(house *h, const char *name, const char *params, buffer *out)
{
    for (const method *m = model_methods; m->name; m++) {
        if (strcmp(m->name, name) != 0)
            continue;
        json answer = json_to(out);
        buffer_clear(out);
        method_call c = {.tx = h->tx, .arena = h->arena, .params = wire(h, params), .answer = &answer};
        return m->run(&c);
    }
    fail_msg("no method %s", name);
    return NULL;
}

static void define(house *h, const char *name, const char *params)
{
    buffer out;
    buffer_open(&out, 10000);
    assert_string_equal(said(call(h, name, params, &out)), "");
    buffer_close(&out);
    next_generation(h);
}

static const char *refusal(house *h, const char *name, const char *params)
{
    buffer out;
    buffer_open(&out, 10000);
    store_mark mark = store_mark_set(h->tx->view);
    kt_error *error = call(h, name, params, &out);
    assert_null(store_mark_back(h->tx->view, mark)); /* what the request's failure does */
    buffer_close(&out);
    assert_non_null(error);
    return error_text(error);
}

static void shout(void *context, const char *finding)
{
    (void)context;
    fail_msg("%s", finding);
}

static void a_custom_field_is_as_good_as_any(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    const model_entity *party = house_entity(&h, "t.party");
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'Nowak'}"), &record));
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'shoe', 'type': 'quantity', 'scale': 1, 'indexed': true, "
        "'label': {'en': 'Shoe size', 'pl': 'Rozmiar buta'}}");
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'grade', 'type': 'state', 'choices': ['a', {'name': 'b', 'label': "
        "'B'}], "
        "'initial': 'b'}");
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'nick', 'type': 'string', 'searchable': true, 'unique': true, 'max': "
        "5}");
    party = house_entity(&h, "t.party");
    const model_field *shoe = model_field_find(party, KT_STR("shoe"));
    assert_non_null(shoe);
    assert_string_equal(shoe->module.ptr, "custom");
    assert_string_equal(shoe->label.pl, "Rozmiar buta");
    assert_string_equal(
        said(model_create(h.tx, party, wire(&h, "{'name': 'K', 'shoe': '42.5', 'nick': 'kk'}"), &record)),
        "");
    assert_int_equal(house_value(&record, "shoe")->as.d.coef, 425);
    assert_int_equal(house_value(&record, "grade")->as.i, 2);
    assert_non_null(model_create(h.tx, party, wire(&h, "{'name': 'L', 'nick': 'kk'}"), &record));
    assert_non_null(model_create(h.tx, party, wire(&h, "{'name': 'L', 'nick': 'longer'}"), &record));
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    /* taken away, its values wait in the records, and come back with it */
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'shoe'}");
    party = house_entity(&h, "t.party");
    assert_null(model_field_find(party, KT_STR("shoe")));
    assert_null(model_update(h.tx, party, 2, 0, wire(&h, "{'notes': 'x'}"), &record));
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    define(&h, "field.define", "{'entity': 't.party', 'name': 'shoe', 'type': 'quantity', 'scale': 2}");
    party = house_entity(&h, "t.party");
    assert_null(model_read(h.tx, party, 2, &record));
    assert_int_equal(house_value(&record, "shoe")->as.d.coef, 4250);
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    house_close(&h);
}

static void a_custom_entity_is_as_good_as_any(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "entity.define",
        "{'name': 'custom.machine', 'label': {'en': 'Machine', 'pl': 'Maszyna'}, 'title': 'name', "
        "'number': 'M/{seq:3}', 'indexes': 'owner_party name', 'fields': ["
        "{'name': 'name', 'type': 'string', 'required': true, 'searchable': true}, "
        "{'name': 'owner_party', 'type': 'ref', 'target': 't.party', 'on_delete': 'clear'}, "
        "{'name': 'parts', 'type': 'lines', 'lines': [{'name': 'part', 'type': 'string', 'required': "
        "true}]}]}");
    const model_entity *machine = house_entity(&h, "custom.machine");
    assert_null(model_create(h.tx, house_entity(&h, "t.party"), wire(&h, "{'name': 'Nowak'}"), &record));
    assert_string_equal(
        said(model_create(h.tx, machine,
            wire(&h, "{'name': 'Lathe', 'owner_party': 1, 'parts': [{'part': 'bed'}]}"), &record)),
        "");
    assert_string_equal(record.values[MODEL_NUMBER].as.s.ptr, "M/001");
    assert_non_null(strstr(refusal(&h, "entity.remove", "{'name': 'custom.machine'}"), "records"));
    assert_null(model_delete(h.tx, house_entity(&h, "t.party"), 1, 0));
    assert_null(model_read(h.tx, machine, 1, &record));
    assert_false(house_value(&record, "owner_party")->set);
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    assert_null(model_delete(h.tx, machine, 1, 0));
    define(&h, "entity.remove", "{'name': 'custom.machine'}");
    assert_null(model_entity_find(h.catalogue, KT_STR("custom.machine")));
    house_close(&h);
}

/* Between the commit of a definition and that of its index somebody takes a value, and the server dies: the next one
 * starts, and the filling of the index names the two. */
static void a_server_starts_with_what_became_alike_before_a_crash(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    buffer out;
    buffer_open(&out, 10000);
    define(&h, "field.define", "{'entity': 't.party', 'name': 'nick', 'type': 'string', 'max': 5}");
    const model_entity *party = house_entity(&h, "t.party");
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'A', 'nick': 'a'}"), &record));
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'B', 'nick': 'b'}"), &record));
    assert_string_equal(
        said(call(&h, "field.define",
            "{'entity': 't.party', 'name': 'nick', 'type': 'string', 'max': 5, 'unique': true}", &out)),
        "");
    assert_null(model_update(h.tx, party, 2, 0, wire(&h, "{'nick': 'a'}"), &record));
    model_sources sources = {
        .modules = (const kt_module *const[]){&house_module, NULL}, .master_key = house_master_key};
    model_catalogue *next;
    store_mark mark = store_mark_set(h.tx->view);
    assert_string_equal(said(model_catalogue_build(h.arena, h.tx->view, &sources, &next)),
        "t.party: records 1 and 2 have the same nick: it cannot become unique");
    assert_null(store_mark_back(h.tx->view, mark));
    sources.starting = true;
    assert_string_equal(said(model_catalogue_build(h.arena, h.tx->view, &sources, &next)), "");
    assert_int_equal(model_entity_find(next, KT_STR("t.party"))->filling_count, 1);
    const model_catalogue *was = h.catalogue;
    h.catalogue = h.tx->catalogue = next;
    model_catalogue_release(was);
    bool more;
    assert_string_equal(said(model_fill_step(h.tx, &more)),
        "t.party: records 1 and 2 have the same nick: it cannot become unique");
    buffer_close(&out);
    house_close(&h);
}

#define PERSON "[['kind', '=', 'person']]"
#define REMARK "{'entity': 't.party', 'name': 'remark', 'type': 'string', "

static void a_custom_fields_conditions_are_kept_to(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    assert_null(model_create(
        h.tx, house_entity(&h, "t.party"), wire(&h, "{'name': 'Old', 'kind': 'person'}"), &record));
    define(&h, "field.define",
        REMARK "'required_if': " PERSON ", 'readonly_if': [['remark', 'starts_with', 'final']], "
               "'show_if': '[[\"kind\", \"=\", \"person\"]]'}");
    const model_entity *party = house_entity(&h, "t.party");
    const model_field *remark = model_field_find(party, KT_STR("remark"));
    assert_string_equal(remark->show_if.ptr, "[[\"kind\", \"=\", \"person\"]]");
    assert_string_equal(remark->required_if.ptr, "[[\"kind\",\"=\",\"person\"]]");
    kt_error *error = model_create(h.tx, party, wire(&h, "{'name': 'New', 'kind': 'person'}"), &record);
    assert_string_equal(said(error), "remark: is required");
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'Firm'}"), &record));
    assert_string_equal(said(model_update(h.tx, party, 2, 0, wire(&h, "{'kind': 'person'}"), &record)),
        "remark: is required");
    assert_null(model_update(h.tx, party, 2, 0, wire(&h, "{'kind': 'person', 'remark': 'final'}"), &record));
    error = model_update(h.tx, party, 2, 0, wire(&h, "{'remark': 'other'}"), &record);
    assert_int_equal(error->first->kind, KT_BAD_STATE);
    assert_null(model_update(h.tx, party, 1, 0, wire(&h, "{'notes': 'lacked it before'}"), &record));
    house_close(&h);
}

struct guest {
    kt_record rec;
    kt_str name;
};
static const kt_shape guest_shape = KT_SHAPE(guest, "t.party", KT_BIND(guest, name, STRING, "name"));

/* Whoever calls a module's action does not know which records it makes. */
static void what_a_module_does_not_know_is_told_with_its_entity(void **state)
{
    (void)state;
    house h = house_open();
    struct guest g = {KT_OF(guest), .name = KT_STR("Gast")};
    define(&h, "field.define", REMARK "'required': true}");
    assert_string_equal(said(kt_create(h.tx, &g.rec)), "t.party.remark: is required");
    g.name = (kt_str){0};
    assert_string_equal(said(kt_create(h.tx, &g.rec)), "name: is required; t.party.remark: is required");
    house_close(&h);
}

#define WORKSHOP(actions)                                                                                    \
    "{'name': 'custom.job', 'fields': [{'name': 'state', 'type': 'state', 'choices': ['open', 'done', "      \
    "'off']}], "                                                                                             \
    "'actions': " actions "}"

static void a_custom_entity_has_a_machine(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "entity.define",
        WORKSHOP("[{'name': 'finish', 'right': 'update', 'from': ['open'], 'to': 'done', 'label': 'Finish'}, "
                 "{'name': 'stop', 'right': 'update', 'to': 'off'}]"));
    const model_entity *job = house_entity(&h, "custom.job");
    const model_action *finish = model_action_find(job, KT_STR("finish"));
    assert_string_equal(finish->declared->label.en, "Finish");
    assert_null(model_create(h.tx, job, wire(&h, "{}"), &record));
    kt_error *error = model_update(h.tx, job, 1, 0, wire(&h, "{'state': 'done'}"), &record);
    assert_string_equal(said(error), "state: changes by actions: finish, stop");
    assert_null(model_act(h.tx, job, 1, 0, finish, wire(&h, "{}"), &record, NULL));
    assert_int_equal(house_value(&record, "state")->as.i, 2);
    assert_int_equal(
        model_act(h.tx, job, 1, 0, finish, wire(&h, "{}"), &record, NULL)->first->kind, KT_BAD_STATE);
    const char *text = refusal(
        &h, "entity.define", WORKSHOP("[{'name': 'a', 'right': 'update', 'to': 'opne'}]"));
    assert_string_equal(text, "actions[0].to: must be a state of the entity");
    text = refusal(&h, "entity.define",
        WORKSHOP("[{'name': 'a', 'to': 'open'}, {'name': 'a', 'right': 'x', 'to': 'open'}]"));
    assert_non_null(strstr(text, "must name the right"));
    assert_non_null(strstr(text, "declared twice"));
    house_close(&h);
}

/* A condition may not come to name what is not there, from whichever side. */
static void what_a_condition_names_stays(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "field.define", "{'entity': 't.party', 'name': 'size', 'type': 'int', 'initial': 5}");
    define(&h, "field.define", REMARK "'required_if': [['size', '>', 4]]}");
    const char *text = refusal(&h, "field.remove", "{'entity': 't.party', 'name': 'size'}");
    assert_string_equal(text, "t.party.remark.required_if: t.party has no field \"size\"");
    define(&h, "field.define", REMARK "'required_if': [['notes', 'is_null', true]]}");
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'size'}");
    define(&h, "entity.define",
        "{'name': 'custom.machine', 'views': [{'kind': 'board', 'group': 'grade'}], 'fields': ["
        "{'name': 'grade', 'type': 'state', 'choices': ['good', 'bad']}, "
        "{'name': 'reason', 'type': 'string', 'required_if': [['grade', '=', 'bad']]}]}");
    const model_entity *machine = house_entity(&h, "custom.machine");
    assert_string_equal(machine->views.ptr, "[{\"kind\":\"board\",\"group\":\"grade\"}]");
    assert_string_equal(
        said(model_create(h.tx, machine, wire(&h, "{'grade': 'bad'}"), &record)), "reason: is required");
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'machine', 'type': 'ref', 'target': 'custom.machine'}");
    text = refusal(&h, "field.define", "{'entity': 'custom.machine', 'name': 'grade', 'type': 'int'}");
    assert_string_equal(text, "name: the entity has a field \"grade\" already");
    text = refusal(&h, "entity.remove", "{'name': 'custom.machine'}");
    assert_non_null(strstr(text, "t.party.machine: its target \"custom.machine\" does not exist"));
    house_close(&h);
}

#define GRADE(choices) "{'entity': 't.party', 'name': 'grade', 'type': 'state', 'choices': " choices "}"

static unsigned grade_value(house *h, const char *name)
{
    const model_field *grade = model_field_find(house_entity(h, "t.party"), KT_STR("grade"));
    for (const kt_choice *choice = grade->choices; choice->name; choice++)
        if (strcmp(choice->name, name) == 0)
            return choice->value;
    return 0;
}

/* Records hold the value: wherever a name stands in the list, and if it was away meanwhile, it means what it meant. */
static void a_choice_keeps_its_value(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "field.define", GRADE("['gold', 'silver', {'name': 'tin', 'label': 'Tin'}]"));
    assert_null(model_create(
        h.tx, house_entity(&h, "t.party"), wire(&h, "{'name': 'A', 'grade': 'silver'}"), &record));
    define(&h, "field.define", GRADE("['new', 'silver', {'name': 'tin', 'label': 'Blech'}, 'gold']"));
    assert_int_equal(grade_value(&h, "gold"), 1);
    assert_int_equal(grade_value(&h, "silver"), 2);
    assert_int_equal(grade_value(&h, "tin"), 3);
    assert_int_equal(grade_value(&h, "new"), 4);
    const char *text = refusal(&h, "field.define", GRADE("['gold']"));
    assert_string_equal(text, "t.party.grade: there are records with \"silver\"");
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'grade', 'type': 'state', 'unique': true, 'choices': ['gold', "
        "'silver']}");
    text = refusal(&h, "field.define", GRADE("['gold']")); /* the unique index, which it would lose, tells */
    assert_string_equal(text, "t.party.grade: there are records with \"silver\"");
    define(&h, "field.define", GRADE("['silver']"));
    define(&h, "field.define", GRADE("['newer', 'gold', 'silver']"));
    assert_int_equal(grade_value(&h, "newer"), 5); /* none that another name had */
    assert_int_equal(grade_value(&h, "gold"), 1);
    define(&h, "field.define", GRADE("[{'name': 'argent', 'value': 2}]")); /* renamed */
    assert_null(model_read(h.tx, house_entity(&h, "t.party"), 1, &record));
    assert_int_equal(house_value(&record, "grade")->as.i, grade_value(&h, "argent"));
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'grade'}");
    text = refusal(&h, "field.define", GRADE("['gold', 'tin', 'new', 'newer']"));
    assert_non_null(strstr(text, "grade: a field of this name had the choice"));
    define(&h, "field.define", GRADE("['gold', 'tin', 'new', 'newer', 'argent']"));
    assert_null(model_read(h.tx, house_entity(&h, "t.party"), 1, &record));
    assert_int_equal(house_value(&record, "grade")->as.i, grade_value(&h, "argent"));
    define(&h, "entity.define",
        "{'name': 'custom.m', 'fields': [{'name': 'parts', 'type': 'lines', 'lines': ["
        "{'name': 'sort', 'type': 'state', 'choices': ['bolt', 'nut']}]}]}");
    assert_null(
        model_create(h.tx, house_entity(&h, "custom.m"), wire(&h, "{'parts': [{'sort': 'nut'}]}"), &record));
    define(&h, "entity.define",
        "{'name': 'custom.m', 'fields': [{'name': 'parts', 'type': 'lines', 'lines': ["
        "{'name': 'sort', 'type': 'state', 'choices': ['nut', 'pin', 'bolt']}]}]}");
    const model_field *parts = model_field_find(house_entity(&h, "custom.m"), KT_STR("parts"));
    const kt_choice *sorts = model_field_find(parts->lines, KT_STR("sort"))->choices;
    assert_int_equal(sorts[0].value, 2);
    assert_int_equal(sorts[1].value, 3);
    assert_int_equal(sorts[2].value, 1);
    text = refusal(&h, "entity.define",
        "{'name': 'custom.m', 'fields': [{'name': 'parts', 'type': 'lines', 'lines': ["
        "{'name': 'sort', 'type': 'state', 'choices': ['pin', 'bolt']}]}]}");
    assert_string_equal(text, "custom.m.parts.sort: there are records with \"nut\"");
    house_close(&h);
}

/* As many as a field may have, each kept apart from the others for ever; of a state machine as many as transitions can name. */
static void a_field_has_up_to_63_choices(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    buffer list;
    buffer_open(&list, 4096);
    for (int i = 1; i <= KT_CHOICE_MAX; i++)
        buffer_add_format(&list, "%s'c%d'", i > 1 ? ", " : "", i);
    buffer_add_char(&list, 0);
    const char *all = list.ptr;
    define(&h, "field.define", arena_format(h.arena, GRADE("[%s]"), all).ptr);
    assert_int_equal(grade_value(&h, "c63"), 63);
    assert_null(
        model_create(h.tx, house_entity(&h, "t.party"), wire(&h, "{'name': 'A', 'grade': 'c40'}"), &record));
    assert_int_equal(house_value(&record, "grade")->as.i, 40);
    const char *text = refusal(&h, "field.define", arena_format(h.arena, GRADE("[%s, 'one']"), all).ptr);
    assert_non_null(strstr(text, "at most 63 choices"));
    text = refusal(&h, "field.define", GRADE("['other', 'c40']"));
    assert_non_null(strstr(text, "no more than 63 different choices in its life"));
    define(&h, "field.define", GRADE("['c40', 'c63']"));
    assert_int_equal(grade_value(&h, "c40"), 40);
    text = refusal(&h, "entity.define",
        arena_format(h.arena,
            "{'name': 'custom.job', 'fields': [{'name': 'state', 'type': 'state', 'choices': [%s]}], "
            "'actions': "
            "[{'name': 'a', 'right': 'update', 'from': ['c33'], 'to': 'c40'}]}",
            all)
            .ptr);
    assert_non_null(strstr(text, "state \"c33\": an entity's states have the values 1 to 31"));
    buffer_close(&list);
    house_close(&h);
}

static void count_finding(void *context, const char *finding)
{
    ++*(int *)context;
    print_message("%s\n", finding);
}

/* A boolean that is not set is false: the index of lines has it, so that those that were never asked are found, too. */
static void a_boolean_of_lines_is_indexed_also_if_false(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "entity.define",
        "{'name': 'custom.m', 'fields': [{'name': 'parts', 'type': 'lines', 'lines': ["
        "{'name': 'sort', 'type': 'string'}, {'name': 'spare', 'type': 'bool', 'indexed': true}]}]}");
    const model_entity *m = house_entity(&h, "custom.m");
    static const char *const lines[] = {"[{'sort': 'a', 'spare': false}, {'sort': 'b', 'spare': false}]",
        "[{'sort': 'a'}]", "[{'sort': 'a', 'spare': true}]", "[]"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{'parts': %s}", lines[i]);
        assert_string_equal(said(model_create(h.tx, m, wire(&h, text), &record)), "");
    }
    int findings = 0;
    assert_string_equal(said(model_check(h.tx, count_finding, &findings)), "");
    assert_int_equal(findings, 0);
    house_close(&h);
}

#define PAL           "{'entity': 't.party', 'name': 'pal', 'type': 'ref', 'target': 't.party'}"
#define PAL_ELSEWHERE "{'entity': 't.party', 'name': 'pal', 'type': 'ref', 'target': 't.tag'}"
#define MARKS         "{'entity': 't.party', 'name': 'marks', 'type': 'refs', 'target': 't.tag'}"

static void fill_all(house *h)
{
    for (bool more = true; more;)
        assert_string_equal(said(model_fill_step(h->tx, &more)), "");
    next_generation(h);
}

/* Nobody asked a reference that was away when what it points to went. */
static void a_reference_that_comes_back_leads_somewhere(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "field.define", PAL);
    define(&h, "field.define", MARKS);
    const model_entity *party = house_entity(&h, "t.party"), *tag = house_entity(&h, "t.tag");
    assert_null(model_create(h.tx, tag, wire(&h, "{'name': 'a'}"), &record));
    assert_null(model_create(h.tx, tag, wire(&h, "{'name': 'b'}"), &record));
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'A'}"), &record));
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'B', 'pal': 1, 'marks': [1, 2]}"), &record));
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'C', 'pal': 2}"), &record));
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'pal'}");
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'marks'}");
    assert_null(model_delete(h.tx, house_entity(&h, "t.party"), 1, 0));
    assert_null(model_delete(h.tx, house_entity(&h, "t.tag"), 1, 0));
    assert_non_null(strstr(refusal(&h, "field.define", PAL_ELSEWHERE), "another entity"));
    define(&h, "field.define", PAL);
    define(&h, "field.define", MARKS);
    assert_string_equal(said(model_check(h.tx, shout, NULL)), ""); /* it is on its way */
    fill_all(&h);
    party = house_entity(&h, "t.party");
    assert_null(model_read(h.tx, party, 2, &record));
    assert_false(house_value(&record, "pal")->set);
    assert_int_equal(house_value(&record, "marks")->as.refs.count, 1);
    assert_int_equal(record.values[MODEL_VERSION].as.i, 3);
    assert_null(model_read(h.tx, party, 3, &record));
    assert_int_equal(house_value(&record, "pal")->as.i, 2);
    assert_non_null(model_delete(h.tx, party, 2, 0)); /* it is asked again */
    assert_non_null(strstr(refusal(&h, "field.define", PAL_ELSEWHERE), "point to t.party"));
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    house_close(&h);
}

/* Erasure takes keys away: what the journal has in the clear it cannot reach. */
static void what_was_in_the_clear_does_not_become_personal(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "field.define", REMARK "'personal': false}");
    define(&h, "field.define", REMARK "'personal': true}"); /* no record has a value yet */
    define(&h, "field.define", REMARK "'personal': false}");
    assert_null(
        model_create(h.tx, house_entity(&h, "t.party"), wire(&h, "{'name': 'A', 'remark': 'x'}"), &record));
    assert_non_null(strstr(refusal(&h, "field.define", REMARK "'personal': true}"), "never be erased"));
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'remark'}");
    assert_non_null(strstr(refusal(&h, "field.define", REMARK "'personal': true}"), "never be erased"));
    house_close(&h);
}

/* What has come to be wrong all the same refuses the writes that it concerns, and stands in no other change's way. */
static void a_condition_that_cannot_be_judged_is_told(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    assert_null(model_create(h.tx, house_entity(&h, "t.tag"), wire(&h, "{'name': 'vip'}"), &record));
    define(&h, "field.define", REMARK "'required_if': [['tags', '=', {'name': 'vip'}]]}");
    const model_entity *party = house_entity(&h, "t.party");
    assert_string_equal(said(model_create(h.tx, party, wire(&h, "{'name': 'A', 'tags': [1]}"), &record)),
        "remark: is required");
    assert_null(model_delete(h.tx, house_entity(&h, "t.tag"), 1, 0));
    kt_error *error = model_create(h.tx, party, wire(&h, "{'name': 'B'}"), &record);
    assert_int_equal(error->first->kind, KT_RULE);
    assert_string_equal(error->first->path, "remark");
    assert_non_null(error->first->hint.en);
    define(&h, "field.define", "{'entity': 't.party', 'name': 'size', 'type': 'int'}");
    define(&h, "field.define", REMARK "'required_if': null}");
    assert_null(model_create(h.tx, house_entity(&h, "t.party"), wire(&h, "{'name': 'B'}"), &record));
    house_close(&h);
}

static void bad_definitions_are_refused_with_all_their_mistakes(void **state)
{
    (void)state;
    house h = house_open();
    static const struct {
        const char *method, *params, *wanted;
    } cases[] = {
        {"field.define", "{'entity': 't.none', 'name': 'x', 'type': 'int'}", "t.none"},
        {"field.define", "{'entity': 't.party', 'name': 'name', 'type': 'int'}", "already"},
        {"field.define", "{'entity': 't.party', 'name': 'Bad Name', 'type': 'int'}", "small letters"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'float'}", "type"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'ref'}", "target"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'ref', 'target': 't.none'}",
            "does not exist"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'ref', 'target': 'custom.none'}",
            "does not exist"},
        {"field.define", REMARK "'show_if': 'garbage'}", "t.party.remark.show_if"},
        {"field.define", REMARK "'show_if': [['kind', '=', 'robot'], ['nmae', '=', 'x']]}",
            "t.party has no field \"nmae\""},
        {"field.define", REMARK "'required_if': [['amuont', '=', 1]]}", "t.party.remark.required_if"},
        {"field.define", REMARK "'readonly_if': [['active', '>', true]]}", "t.party.remark.readonly_if"},
        {"field.define", REMARK "'required_if': false}", "t.party.remark.required_if"},
        {"field.define",
            "{'entity': 't.party', 'name': 'x', 'type': 'lines', 'lines': [{'name': 'y', 'type': 'int', "
            "'required_if': [['y', '=', 1]]}]}",
            "belong to fields of entities"},
        {"field.define",
            "{'entity': 't.party', 'name': 'x', 'type': 'lines', 'lines': [{'name': 'y', 'type': 'int', "
            "'show_if': [['y', '=', 1]]}]}",
            "t.party.x.y.show_if"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'int', 'initial': [1]}", "initial"},
        {"entity.define",
            "{'name': 'custom.m', 'views': {'kind': 'list'}, 'fields': [{'name': 'x', 'type': 'int'}]}",
            "custom.m.views"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'int', 'scale': 99}", "scale"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'int', 'colour': 'red'}", "colour"},
        {"field.define", "{'entity': 't.party', 'name': 'company', 'type': 'int'}", "already"},
        {"field.remove", "{'entity': 't.party', 'name': 'name'}", "no custom field"},
        {"entity.define", "{'name': 't.party', 'fields': [{'name': 'x', 'type': 'int'}]}", "declares"},
        {"entity.define", "{'name': 'machine', 'fields': [{'name': 'x', 'type': 'int'}]}", "custom."},
        {"entity.define", "{'name': 'custom.m', 'fields': []}", "fields"},
        {"entity.remove", "{'name': 't.party'}", "module"},
        {"field.list", "{'entity': 't.none'}", "t.none"},
        {"entity.define",
            "{'name': 'custom.m', 'fields': [{'name': 'x', 'type': 'int'}, {'name': 'x', 'type': 'int'}]}",
            "\"x\" is declared twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = refusal(&h, cases[i].method, cases[i].params);
        if (!strstr(text, cases[i].wanted))
            fail_msg("%s: %s", cases[i].params, text);
    }
    house_close(&h);
}

static void definitions_are_listed_as_they_were_given(void **state)
{
    (void)state;
    house h = house_open();
    buffer out;
    buffer_open(&out, 10000);
    define(&h, "field.define", "{'entity': 't.party', 'name': 'shoe', 'type': 'int', 'required': false}");
    assert_null(call(&h, "field.list", "{'entity': 't.party'}", &out));
    assert_non_null(memmem(out.ptr, out.len, "\"shoe\"", 6));
    assert_null(call(&h, "field.list", "{'entity': 't.deal'}", &out));
    assert_int_equal(out.len, 2);
    assert_null(call(&h, "entity.list", "{}", &out));
    assert_int_equal(out.len, 2);
    buffer_close(&out);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_starts_with_what_became_alike_before_a_crash),
        cmocka_unit_test(a_custom_field_is_as_good_as_any),
        cmocka_unit_test(a_custom_entity_is_as_good_as_any),
        cmocka_unit_test(a_custom_fields_conditions_are_kept_to),
        cmocka_unit_test(what_a_module_does_not_know_is_told_with_its_entity),
        cmocka_unit_test(a_custom_entity_has_a_machine),
        cmocka_unit_test(what_a_condition_names_stays),
        cmocka_unit_test(a_condition_that_cannot_be_judged_is_told),
        cmocka_unit_test(a_choice_keeps_its_value),
        cmocka_unit_test(a_field_has_up_to_63_choices),
        cmocka_unit_test(a_boolean_of_lines_is_indexed_also_if_false),
        cmocka_unit_test(a_reference_that_comes_back_leads_somewhere),
        cmocka_unit_test(what_was_in_the_clear_does_not_become_personal),
        cmocka_unit_test(bad_definitions_are_refused_with_all_their_mistakes),
        cmocka_unit_test(definitions_are_listed_as_they_were_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
