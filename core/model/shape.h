/* shape.h -- C structs over records: the binding of a module's shapes. Inside the room only.
 *
 * A shape is compiled once per catalogue into a binding: for each row the fields that its path goes through.
 * Most shapes are known when the catalogue is built (shape_check); one that only a function names is compiled
 * at its first use. Bindings live as long as the catalogue. */
#pragma once
#include "model/internal.h"

enum {
    SHAPE_STEPS_MAX = 6,  /* of a dotted path */
    SHAPE_FOLLOW_MAX = 4, /* referenced records kept while a struct is filled */
};

/* How a value gets into its member. All but the last three are copied as they are. */
typedef enum {
    WAY_BOOL,
    WAY_CHOICE,
    WAY_DAY,
    WAY_64, /* a number, an instant, an id */
    WAY_ANY,
    WAY_DECIMAL,
    WAY_TEXT,
    WAY_SEEN, /* a text that may be masked */
    WAY_REFS,
    WAY_LINES,
} shape_way;

typedef struct shape_binding shape_binding;
typedef struct {
    const kt_field *declared; /* type, offset, shape of lines */
    shape_way way;
    size_t count; /* 0: the field belongs to a module that is not enabled: stays not set */
    const model_field *steps[SHAPE_STEPS_MAX];
    const shape_binding *lines; /* of KT_LINES */
    bool condition; /* a path through lines, "contacts.value": for conditions alone, stays not set */
} shape_row;
/* A member that is a copy of a value of the record itself, as most are. */
typedef struct {
    uint32_t at; /* offset of the member */
    uint16_t position, row;
    uint8_t way;
    bool taken; /* goes back from the struct into the record: it is no system field */
} shape_cell;
struct shape_binding {
    const kt_shape *shape;
    const model_entity *entity; /* NULL: nobody has that entity now */
    const shape_row *rows;
    size_t count;
    const shape_cell *cells; /* of rows */
    size_t cell_count;
    const shape_row **others; /* the rows that are no cells */
    size_t other_count;
    bool flat;               /* it binds no lists: all that the struct says stands in itself */
    bool masked;             /* it binds a text that may be shown masked */
    bool named;              /* bound by the shape's own name */
    const kt_error *problem; /* NULL: sound */
};

/* The bindings of one catalogue, which it borrows. returns NULL: no memory. thread: any may look up */
typedef struct shape_table shape_table;
KT_MUST shape_table *shape_table_open(const model_catalogue *catalogue);
void shape_table_close(shape_table *table);

/* Checks every row of a shape against the catalogue, all problems at once; where: "crm.deal.convert", for
 * their paths. An entity that nobody has is no problem. */
KT_MUST kt_error *shape_check(
    arena *arena, const model_catalogue *catalogue, const kt_shape *shape, const char *where);

/* The binding of a shape to the entity that it names.
 *   returns unavailable: no enabled module has the entity; validation: the shape does not fit it */
KT_MUST kt_error *shape_bind(kt_tx *tx, const kt_shape *shape, const shape_binding **binding);
/* As shape_bind, for a nameless shape over these lines or parameters. */
KT_MUST kt_error *shape_bind_to(
    kt_tx *tx, const kt_shape *shape, const model_entity *entity, const shape_binding **binding);

/* Fills a struct of the binding's shape.
 *   copy_to  its texts are copied there, and its lines lie there; NULL: the record's texts live long enough, lines are
 *            in the transaction's memory */
KT_MUST kt_error *shape_fill_bound(
    kt_tx *tx, const shape_binding *binding, const model_record *record, arena *copy_to, kt_record *rec);
/* See shape_take (internal.h). */
KT_MUST kt_error *shape_take_bound(
    kt_tx *tx, const shape_binding *binding, const kt_record *rec, model_record *record);

/* The row whose member lies there; NULL: the shape has none. */
const shape_row *shape_row_at(const shape_binding *binding, size_t at);
/* The conditions of a query, its text's as well. *filter NULL: it has none */
KT_MUST kt_error *shape_filter(
    kt_tx *tx, const shape_binding *binding, const kt_query *query, const query_filter **filter);
/* What kt_any made; false: it names no entity. */
KT_MUST bool shape_any(const kt_tx *tx, kt_id any, model_value *value);

/* Reads an object of wire values into a new struct: defaults, what is required, unknown members; all problems
 * at once, under path. shape NULL: none are taken, *rec is NULL.
 *   beside  what the caller takes itself, to be told to whom sends a parameter that is not there; NULL: nothing */
KT_MUST kt_error *shape_params_read(kt_tx *tx, const kt_shape *shape, const variant *params, const char *path,
    const char *beside, kt_record **rec);
/* Writes the struct's members (not the braces) as wire values. */
KT_MUST kt_error *shape_result_json(kt_tx *tx, const kt_shape *shape, const kt_record *rec, json *out);
