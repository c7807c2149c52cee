/* party.h -- the entity that the benches of model, journal and bus keep: ten fields, five indexes, a
 * searchable name. */
#pragma once
#include <kontor.h>

static const kt_choice kinds[] = {
    {1, "person", {"Person", "Osoba"}, NULL}, {2, "organisation", {"Firm", "Firma"}, NULL}, {0}};

#define ROW(n, ...)                                                                                          \
    {                                                                                                        \
        .name = n, .label = {n, n}, .type = __VA_ARGS__                                                      \
    }
static const kt_shape party_shape = {"bench.party", 8,
    (const kt_field[]){ROW("name", KT_STRING, .required = true, .searchable = true),
        ROW("kind", KT_STATE, .choices = kinds, .indexed = true), ROW("website", KT_STRING),
        ROW("industry", KT_STRING), ROW("city", KT_STRING, .indexed = true), ROW("active", KT_BOOL),
        ROW("rating", KT_INT, .indexed = true), ROW("balance", KT_MONEY, .scale = 2),
        ROW("since", KT_DATE, .indexed = true), ROW("notes", KT_TEXT), {0}}};
static const kt_entity entities[] = {
    {.shape = &party_shape, .label = {"Party", "Kontrahent"}, .title = "name", .indexes = "kind name"}, {0}};
static const kt_module party_module = {
    .abi = KT_ABI, .name = "bench", .version = "1.0.0", .label = {"Bench", "Miara"}, .entities = entities};
