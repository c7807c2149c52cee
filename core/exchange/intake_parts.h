/* intake_parts.h -- inside the room: a record under construction, which intake.c fills from rows and
 * intake_write.c finds, makes or changes. */
#pragma once
#include "exchange/intake.h"

/* A reference that was found lately. */
typedef struct {
    kt_str text;
    uint64_t id;
} found_ref;
typedef struct {
    const map_column *to; /* NULL: read over */
    found_ref *cache;     /* CACHE_SLOTS, made at the first reference */
    bool second;          /* an earlier column has the same place: the first that is filled counts */
} column;

struct intake {
    kt_tx *tx;
    const mapping *m;
    reader *r;
    seen *seen;
    column *columns;
    size_t count;
    bool own; /* the file is an export of ours: its ids are those of our records */
};

typedef struct {
    variant_member *members;
    size_t count, room;
} members;

/* One line under construction. */
typedef struct {
    const model_field *field;
    kt_str selector;
    size_t row; /* of "[]": which of the record's rows */
    members members;
    bool given; /* some cell of it is not empty */
    bool put;   /* it is among the values */
    size_t at;  /* its place in the list that is written; given only */
} line;

typedef struct {
    intake *in;
    members values;
    line *lines;
    size_t line_count, line_room;
    kt_error *problems;
    bool blind; /* a cell that cannot be read left nothing in its place: what else is wrong cannot be asked */
} building;

/* The value of a member; NULL: it is not given. */
const variant *intake_member(const members *list, kt_str name);
/* A value as the text of a key; not set: it has none. */
kt_str intake_text(arena *arena, const variant *value);
/* A cell as a wire value. */
KT_MUST kt_error *intake_cell(intake *in, column *c, const variant *cell, variant *out);
KT_MUST kt_error *intake_add(arena *arena, members *list, kt_str name, const variant *value);
/* Begins a line, with the members that its selector says. */
KT_MUST kt_error *intake_line(
    building *b, const model_field *field, kt_str selector, size_t row, line **line);
/* intake_items.c: a cell whose objects are lines, each told by what it says beside its value. */
KT_MUST kt_error *intake_items(building *b, column *c, const variant *cell);
/* The members that a line's selector says: "kind=phone,use=mobile". */
KT_MUST kt_error *intake_constants(building *b, line *l);
/* A value of a record as a tree: of lines, an array of objects. */
KT_MUST kt_error *intake_value_of(
    building *b, const model_field *field, const model_record *record, const variant **value);
/* Is this the line that is meant: the one at the place, or the first with these constants? */
bool intake_is_meant(building *b, const line *l, const variant *stored, size_t place);

/* intake_key.c: by what a record is known. */
enum { KEY_VALUES_MAX = 16 };
typedef struct {
    const place *fields;
    size_t field_count;             /* 0: the row has no key */
    variant values[KEY_VALUES_MAX]; /* of each field, or, of lines, all values */
    size_t count;
    const variant *made; /* of lines: those that the row would make */
} record_key;
KT_MUST kt_error *intake_key_of(building *b, record_key *key);
/* Who has this key; 0: nobody. returns conflict: several have it */
KT_MUST kt_error *intake_find(building *b, const record_key *key, uint64_t *id);
/* Lines of the row that are among the stored ones already, by a key of lines, are not written. */
void intake_keep_known(building *b, const record_key *key, const variant *stored);
/* Of a rehearsal: did an earlier row bring it? This one does. */
bool intake_was_seen(building *b, const record_key *key);
void intake_see(building *b, const record_key *key);
/* Makes or changes the record. */
KT_MUST kt_error *intake_write(building *b, intake_counts *counts);
