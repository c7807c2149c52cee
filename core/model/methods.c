/* methods.c -- the table of this room's RPC methods. */
#include "model/custom.h"
#include "model/person.h"

#define DEFINE_RIGHT "model:define"

static const method_param field_define_params[] = {
    {"entity", VARIANT_STRING, true, {"The entity that gets the field", "Encja, która dostaje pole"}},
    {"name", VARIANT_STRING, true, {"Small letters, digits and _", "Małe litery, cyfry i _"}},
    {"type", VARIANT_STRING, true,
        {"string, text, bool, int, money ..", "string, text, bool, int, money .."}},
    {"label", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"help", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"target", VARIANT_STRING, false, {"Of references: the entity", "Dla odwołań: encja"}},
    {"initial", VARIANT_NULL, false,
        {"The default; today, now, me, company", "Wartość domyślna; today, now, me, company"}},
    {"group", VARIANT_STRING, false, {"The field group of rights", "Grupa pól uprawnień"}},
    {"mask", VARIANT_STRING, false,
        {"The name under which roles see it masked", "Nazwa, pod którą role widzą je zamaskowane"}},
    {"required", VARIANT_BOOL, false, {"Must be given", "Musi być podane"}},
    {"unique", VARIANT_BOOL, false, {"No two records alike", "Bez powtórzeń"}},
    {"indexed", VARIANT_BOOL, false, {"Filters and sorts quickly", "Szybko filtruje i sortuje"}},
    {"searchable", VARIANT_BOOL, false, {"Found by search", "Znajduje je wyszukiwanie"}},
    {"personal", VARIANT_BOOL, false, {"Personal data: can be erased", "Dane osobowe: można je usunąć"}},
    {"fixed", VARIANT_BOOL, false, {"Given at creation only", "Podawane tylko przy tworzeniu"}},
    {"in_use", VARIANT_BOOL, false, {"Names only records that are active", "Wskazuje tylko rekordy aktywne"}},
    {"scale", VARIANT_INT, false, {"Digits after the point", "Cyfry po przecinku"}},
    {"max", VARIANT_INT, false, {"Characters, or lines", "Znaki lub pozycje"}},
    {"on_delete", VARIANT_STRING, false, {"restrict, cascade or clear", "restrict, cascade lub clear"}},
    {"choices", VARIANT_ARRAY, false,
        {"Of states: names, or {name, label}", "Dla stanów: nazwy lub {name, label}"}},
    {"lines", VARIANT_ARRAY, false, {"Of lines: their fields", "Dla pozycji: ich pola"}},
    {"priority", VARIANT_INT, false, {"Order on narrow screens", "Kolejność na wąskich ekranach"}},
    {"show_if", VARIANT_NULL, false,
        {"Forms show it while the record meets this filter",
            "Formularze pokazują je, gdy rekord spełnia ten filtr"}},
    {"required_if", VARIANT_NULL, false,
        {"A record that meets this filter needs a value",
            "Rekord, który spełnia ten filtr, wymaga wartości"}},
    {"readonly_if", VARIANT_NULL, false,
        {"A record that meets this filter keeps its value",
            "Rekord, który spełnia ten filtr, zachowuje wartość"}},
    {0},
};
static const method_param field_remove_params[] = {
    {"entity", VARIANT_STRING, true, {"The entity", "Encja"}},
    {"name", VARIANT_STRING, true, {"The custom field", "Własne pole"}},
    {0},
};
static const method_param field_list_params[] = {
    {"entity", VARIANT_STRING, false, {"Of this entity only", "Tylko tej encji"}},
    {0},
};
static const method_param entity_define_params[] = {
    {"name", VARIANT_STRING, true,
        {"\"custom.\" and small letters, digits and _", "\"custom.\" i małe litery, cyfry, _"}},
    {"label", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"plural", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"title", VARIANT_STRING, false, {"The field that names a record", "Pole, które nazywa rekord"}},
    {"number", VARIANT_STRING, false,
        {"Pattern of numbers: \"M/{year}/{seq:5}\"", "Wzór numerów: \"M/{year}/{seq:5}\""}},
    {"indexes", VARIANT_STRING, false, {"\"party day, unique code\"", "\"party day, unique code\""}},
    {"icon", VARIANT_STRING, false, {"Name for clients", "Nazwa dla klientów"}},
    {"views", VARIANT_NULL, false, {"Lists and boards for clients", "Listy i tablice dla klientów"}},
    {"columns", VARIANT_NULL, false,
        {"Titles of columns in files and their fields", "Tytuły kolumn w plikach i ich pola"}},
    {"shared", VARIANT_BOOL, false, {"Seen from all companies", "Widoczne ze wszystkich firm"}},
    {"log_reads", VARIANT_BOOL, false, {"Each reading is logged", "Każdy odczyt jest zapisywany"}},
    {"fields", VARIANT_ARRAY, true, {"As in field.define", "Jak w field.define"}},
    {"actions", VARIANT_ARRAY, false,
        {"Transitions of the field \"state\": {name, right, from, to, label}",
            "Przejścia pola \"state\": {name, right, from, to, label}"}},
    {0},
};
static const method_param entity_remove_params[] = {
    {"name", VARIANT_STRING, true, {"The custom entity", "Własna encja"}},
    {0},
};

static const method_param person_params[] = {
    {"entity", VARIANT_STRING, true, {"The entity", "Encja"}},
    {"id", VARIANT_INT, true, {"The person's record", "Rekord osoby"}},
    {0},
};

const method model_methods[] = {
    {"field.define", DEFINE_RIGHT, METHOD_WRITE,
        {"Adds a field to an entity, or changes one that was added so",
            "Dodaje pole do encji lub zmienia dodane"},
        field_define_params, custom_field_define},
    {"field.remove", DEFINE_RIGHT, METHOD_WRITE,
        {"Takes a custom field away; its values stay stored", "Zabiera własne pole; wartości zostają"},
        field_remove_params, custom_field_remove},
    {"field.list", "login", METHOD_READ, {"The custom fields", "Własne pola"}, field_list_params,
        custom_field_list},
    {"entity.define", DEFINE_RIGHT, METHOD_WRITE,
        {"Makes an entity, or changes one that was made so", "Tworzy encję lub zmienia tak utworzoną"},
        entity_define_params, custom_entity_define},
    {"entity.remove", DEFINE_RIGHT, METHOD_WRITE,
        {"Takes a custom entity without records away", "Usuwa własną encję bez rekordów"},
        entity_remove_params, custom_entity_remove},
    {"entity.list", "login", METHOD_READ, {"The custom entities", "Własne encje"}, NULL, custom_entity_list},
    {"person.erase", "login", METHOD_WRITE,
        {"Destroys the personal data of a record, in the journal and in later backups too",
            "Niszczy dane osobowe rekordu, także w dzienniku i późniejszych kopiach"},
        person_params, person_erase},
    {"person.export", "login", METHOD_READ,
        {"All that is kept about a person: the record and those that point to it",
            "Wszystko, co wiadomo o osobie: rekord i te, które na niego wskazują"},
        person_params, person_export},
    {0},
};
