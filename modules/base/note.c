/* Notes and files on any record. */
#include <kontor/value.h>

#include "base.h"

struct note {
    kt_record rec;
    kt_str text;
    kt_id about, party, owner;
    bool pinned;
};
const kt_shape note_shape = KT_SHAPE(note, "base.note",
    KT_FIELD(note, text, TEXT, "Text", "Treść", .required = true, .searchable = true, .personal = true,
        .priority = 1),
    KT_FIELD(
        note, party, REF, "Party", "Strona", .target = "base.party", .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(note, about, REF, "About", "Dotyczy", .target = "*", .on_delete = KT_CASCADE),
    KT_FIELD(note, pinned, BOOL, "Pinned", "Przypięta", .priority = 3),
    KT_FIELD(note, owner, REF, "Author", "Autor", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 4));

static kt_error *note_pin(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(note, self)->pinned = true;
    return NULL;
}

static kt_error *note_unpin(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(note, self)->pinned = false;
    return NULL;
}

const kt_action note_actions[] = {
    {"pin", {"Pin", "Przypnij"}, "update", .run = note_pin},
    {"unpin", {"Unpin", "Odepnij"}, "update", .run = note_unpin},
    {0},
};

struct attachment {
    kt_record rec;
    kt_str name, type, sha256;
    int64_t size;
    kt_id about, party, owner;
};
const kt_shape attachment_shape = KT_SHAPE(attachment, "base.attachment",
    KT_FIELD(attachment, name, STRING, "File name", "Nazwa pliku", .required = true, .max = 255,
        .searchable = true, .personal = true, .priority = 1),
    KT_FIELD(attachment, type, STRING, "Type", "Typ", .max = 100, .indexed = true, .priority = 3,
        .help = {"Media type: application/pdf.", "Typ MIME: application/pdf."}),
    KT_FIELD(attachment, size, INT, "Size, bytes", "Rozmiar, bajty", .computed = true, .recorded = true,
        .priority = 2),
    KT_FIELD(attachment, sha256, STRING, "SHA-256", "SHA-256", .max = 64, .computed = true, .recorded = true,
        .indexed = true,
        .help = {"The file itself is kept under this name, once, outside the database.",
            "Sam plik leży pod tą nazwą, raz, poza bazą."}),
    KT_FIELD(attachment, party, REF, "Party", "Strona", .target = "base.party", .on_delete = KT_CASCADE,
        .priority = 4),
    KT_FIELD(attachment, about, REF, "About", "Dotyczy", .target = "*", .on_delete = KT_CASCADE),
    KT_FIELD(attachment, owner, REF, "Author", "Dodał", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR));

/* Who may not read what a file is about may not read the file, and so does not take it away from there either. */
kt_error *attachment_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    if (!before || !after || !kt_user(tx).v)
        return NULL;
    const kt_id was = KT_SEE(attachment, before)->about, is = KT_SEE(attachment, after)->about;
    const char *entity = was.v == is.v ? NULL : kt_any_entity(tx, was);
    if (!entity)
        return NULL;
    kt_maker params = KT_MAKE_OBJECT, fields = KT_MAKE_ARRAY;
    const kt_value *read;
    kt_add(tx, &fields, kt_value_str(KT_STR("id")));
    kt_put(tx, &params, "id", kt_value_int((int64_t)kt_any_id(was).v));
    kt_put(tx, &params, "fields", fields.value);
    kt_error *error = kt_call(tx, kt_format(tx, "%s.get", entity).ptr, &params.value, &read);
    return error ? kt_fail(tx, KT_FORBIDDEN, "about", "you may not read what the file is about",
                       "nie możesz czytać tego, czego dotyczy plik")
                 : NULL;
}
