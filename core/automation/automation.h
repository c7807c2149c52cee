/* automation.h -- rules in Lua: run in confined worker processes, inside the transaction that causes them or
 * after its commit. A rule is a record of automation.rule. */
#pragma once
#include "document/template.h"
#include "document/words.h"
#include "errand/errand.h"

typedef struct automation automation;

extern const kt_module automation_module; /* built in: automation.rule */
extern const method automation_methods[]; /* rule.*; ended by {0} */

typedef struct {
    const errand_rooms *errands; /* borrowed until automation_close */
    const char *directory;       /* of rules that come as files; NULL: none */
    unsigned deadline_ms, most;  /* of a run, 0: 100; workers at once, 0: 16 */
    int64_t steps;               /* of a run, 0: 5 million */
} automation_options;

/* Forks the process that makes workers. Once, before any thread starts and before the store is opened. */
void automation_prepare(void);
KT_MUST kt_error *automation_open(arena *arena, const automation_options *options, automation **automation);
void automation_close(automation *automation);
/* Starts the thread that runs what waits. Without it, automation_run_due does. */
KT_MUST kt_error *automation_start(automation *automation, arena *arena);
/* Reads the rules' folder into automation.rule: what is new or changed. A new rule is a draft: to switch it
 * on is a decision.
 *   returns  all problems of all files; the sound ones are stored
 *   thread   any but the writer */
KT_MUST kt_error *automation_load_files(automation *automation, arena *arena, unsigned *changed);
/* Can rules run? *why receives the reason (static texts), *since when it began. thread: any */
bool automation_able(automation *automation, kt_text *why, kt_time *since);
/* Runs, here, everything that is due now, and what follows from it. returns how many runs there were. For
 * tests on the virtual clock. thread: any but the writer */
unsigned automation_run_due(automation *automation);

/* Makes a transaction that writes, or will, watched by the rules that its view holds. Its catalogue and
 * view must be set. automation_end lets go of them. thread: the transaction's */
KT_MUST kt_error *automation_begin(automation *automation, kt_tx *tx);
void automation_end(kt_tx *tx);
/* The transaction was committed: what it queued may run. Before automation_end. thread: the writer */
void automation_committed(automation *automation, const kt_tx *tx);

/* A template that becomes text for a record. */
typedef struct {
    kt_str name; /* for messages */
    template_kind kind;
    words_language language;
    kt_str lua; /* template_compile's */
    const model_record
        *about;   /* `doc`, and what it links to: read on demand, under the transaction's rights */
    kt_str facts; /* JSON object: `document` */
    /* The chunk of a template that this one includes. */
    kt_error *(*include)(kt_tx *tx, void *context, kt_str name, kt_str *lua);
    /* The address under which a picture stands in the text; not set: there is no such picture.
     *   name  of a kept picture; not set: id is that of a base.attachment */
    kt_error *(*picture)(kt_tx *tx, void *context, kt_str name, uint64_t id, kt_str *address);
    void *context;
} automation_template;
enum { AUTOMATION_TEXT_MAX = 5 << 20, AUTOMATION_CHUNK_MAX = 120000 };

/* The company whose paper it is: the record's, the caller's, or the only one there is; 0: none of these. */
uint64_t automation_company(kt_tx *tx, const model_record *about);
/* Puts the transaction into the zone of the company whose record it is; of the caller's, or the only one, where it is of
 * none.
 *   own  zone_close it, behind the last use of tx->zone; put the old one back before */
KT_MUST kt_error *automation_place(kt_tx *tx, const model_record *about, zone **own);
/* Runs a template in a worker, which reads and does nothing else.
 *   text     receives what it wrote
 *   returns  rule at "text" with its line: an error of its Lua; limit: too much text, or time
 *   thread   the transaction's; waits at most two seconds */
KT_MUST kt_error *automation_write(
    automation *automation, kt_tx *tx, const automation_template *t, buffer *text);
/* Compiles a chunk, without running it, in a transaction that is watched; does nothing in another.
 *   returns  validation at "text", with its line */
KT_MUST kt_error *automation_check(kt_tx *tx, kt_str name, kt_str lua);
