/* What people arrange for themselves; and what imports left behind. */
#include "base.h"

struct preference {
    kt_record rec;
    kt_id owner;
    kt_str key, value;
};
const kt_shape preference_shape = KT_SHAPE(preference, "base.preference",
    KT_FIELD(preference, owner, REF, "User", "Użytkownik", .target = "access.user", .initial = "me",
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(preference, key, STRING, "Key", "Klucz", .required = true, .max = 100, .priority = 1),
    KT_FIELD(preference, value, JSON, "Value", "Wartość", .priority = 3));

enum import_mode { CREATE = 1, UPSERT };
static const kt_choice import_modes[] = {
    {CREATE, "create", {"New records", "Nowe rekordy"}},
    {UPSERT, "upsert", {"New or changed records", "Nowe lub zmienione rekordy"}},
    {0},
};

struct import_log {
    kt_record rec;
    kt_str entity, source;
    enum import_mode mode;
    int64_t rows, created, updated;
    kt_id owner;
};
const kt_shape import_log_shape = KT_SHAPE(import_log, "base.import_log",
    KT_FIELD(import_log, entity, STRING, "Entity", "Encja", .required = true, .max = 100, .indexed = true,
        .priority = 1),
    KT_FIELD(import_log, source, STRING, "Source", "Źródło", .max = 255, .priority = 2,
        .help = {"The file's name, or the system that sent it.",
            "Nazwa pliku albo system, z którego przyszło."}),
    KT_FIELD(import_log, mode, STATE, "Mode", "Tryb", .choices = import_modes, .initial = "create"),
    KT_FIELD(import_log, rows, INT, "Rows", "Wiersze", .priority = 3),
    KT_FIELD(import_log, created, INT, "Created", "Utworzone", .priority = 4),
    KT_FIELD(import_log, updated, INT, "Changed", "Zmienione", .priority = 5),
    KT_FIELD(import_log, owner, REF, "By", "Kto", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR));
