/* module.c -- saved mappings as records, so that rights, history and import of mappings themselves hold. */
#include "exchange/discard.h"
#include "exchange/exchange.h"
#include "exchange/import_job.h"

struct saved {
    kt_record rec;
    kt_str name, entity, help, mapping;
};
static const kt_shape saved_shape = KT_SHAPE(saved, "exchange.mapping",
    KT_FIELD(saved, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .searchable = true, .priority = 1),
    KT_FIELD(saved, entity, STRING, "Entity", "Encja", .required = true, .max = 100, .indexed = true,
        .priority = 2),
    KT_FIELD(saved, help, TEXT, "Remarks", "Uwagi"),
    KT_FIELD(saved, mapping, JSON, "Mapping", "Mapowanie", .required = true,
        .help = {"Which column goes where: docs/import-export.md.",
            "Która kolumna dokąd: docs/import-export.md."}));

const kt_module exchange_module = KT_MODULE("exchange", "1.0.0", "Import and export", "Import i eksport",
    .entities = KT_LIST(kt_entity, {&saved_shape, {"Mapping", "Mapowanie"}, {"Mappings", "Mapowania"},
                                       .title = "name", .icon = "columns", .shared = true}));

const job_kind exchange_jobs[] = {
    {"import", {"Import", "Import"}, MODEL_IMPORT, import_open, import_prepare, import_apply, import_close},
    {"undo", {"Undo", "Cofnięcie"}, MODEL_JOB, NULL, NULL, undo_apply, NULL},
    {"export", {"Export", "Eksport"}, MODEL_JOB, export_open, export_prepare, export_apply, export_close},
    {.name = "discard",
        .label = {"Removal of files", "Usunięcie plików"},
        .origin = MODEL_JOB,
        .prepare = discard_prepare},
    {.name = "sweep",
        .label = {"Sweep of files", "Porządkowanie plików"},
        .origin = MODEL_JOB,
        .prepare = sweep_prepare},
    {0},
};
