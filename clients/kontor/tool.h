/* tool.h -- what the commands of `kontor` share: the connection, options, exit codes, and calls that end in
 * an answer or in sentences on standard error. */
#pragma once
#include <limits.h>

#include <kontor_client.h>

/* Exit codes, one for each thing a script may want to tell apart. */
enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,     /* the server refused: validation, conflict, state, rule, limit */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_UNREACHABLE = 3, /* no server, or it went away */
    EXIT_FORBIDDEN = 4,   /* not logged in, or no right */
    EXIT_NOT_FOUND = 5,
    EXIT_DAMAGED = 6, /* check or verify found damage */
    EXIT_FILE = 7,    /* a local file cannot be read or written */
};

typedef enum { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV } tool_format;

typedef struct {
    kontor_client *client;
    const char *url, *token, *lang, *ca; /* of options, environment or session */
    tool_format format;
    const char *filter, *fields, *sort, *file, *key, *entity, *mapping, *format_name, *separator_name;
    long limit;
    bool all, dry_run, explain, quiet, skip, keep, custom, help, version, labels, methods, json, csv;
    unsigned long given; /* bits of the options that were given: options.c */
    char separator;      /* of CSV; 0: guessed */
    json_t *catalogue;   /* entity -> what describe says of it */
    json_t *session;     /* the session file: what was read of it is borrowed */
} tool;

typedef struct {
    const char *name;
    const char *usage;   /* after the name */
    const char *summary; /* one line */
    const char *help;    /* examples */
    int least, most;     /* number of arguments; most -1: any */
    int (*run)(tool *tool, int count, char **arguments);
    const char *options; /* that it takes beside those of every command, by name; NULL: none */
} tool_command;

/* Every command, in the order of `kontor help`; ended by a NULL name. */
extern const tool_command tool_commands[];

/* Calls and gives the result, yours. returns NULL: the reason is printed and *exit_code is set */
json_t *tool_call(
    tool *tool, const char *method, json_t *params, const kontor_call_options *options, int *exit_code);
/* What became of a call made on the client itself: answer if it is a result, else as above. */
json_t *tool_outcome(tool *tool, kontor_outcome outcome, json_t *answer, int *exit_code);
/* Calls, prints the result as the format says. returns the exit code */
int tool_show(tool *tool, const char *method, json_t *params, const kontor_call_options *options);
/* Reading calls send no key. */
extern const kontor_call_options tool_reading;
/* Prints an answer that is at hand, as the format says. */
void tool_print(const tool *tool, const json_t *answer);
/* A whole number from 1 on. returns 0: text is none, and it was said what was expected */
json_int_t tool_number(const char *text, const char *what);
/* The folder that this program lies in, however it was called. returns false: it cannot be told */
bool tool_folder(char out[PATH_MAX]);
/* "kontor: text" on standard error. returns code */
__attribute__((format(printf, 2, 3))) int tool_fail(int code, const char *format, ...);
/* A bar on standard error when that is a terminal; total 0: unknown. */
void tool_progress(const tool *tool, const char *what, long done, long total);

/* session.c */
void session_load(tool *tool);
int session_login(tool *tool, int count, char **arguments);
int session_logout(tool *tool, int count, char **arguments);
int session_whoami(tool *tool, int count, char **arguments);
int session_factor(tool *tool, int count, char **arguments);
/* Asks for a secret on the terminal without showing it, or reads a line of standard input. Yours; NULL: none.
 */
char *session_ask_secret(const char *prompt);

/* records.c */
int records_call(tool *tool, int count, char **arguments);
int records_get(tool *tool, int count, char **arguments);
int records_list(tool *tool, int count, char **arguments);
int records_count(tool *tool, int count, char **arguments);
int records_create(tool *tool, int count, char **arguments);
int records_update(tool *tool, int count, char **arguments);
int records_delete(tool *tool, int count, char **arguments);
int records_describe(tool *tool, int count, char **arguments);
int records_search(tool *tool, int count, char **arguments);
int records_history(tool *tool, int count, char **arguments);
int records_watch(tool *tool, int count, char **arguments);
/* The filter of --filter and of arguments like `name~kow` or `amount>=100`. NULL: a mistake, printed. */
json_t *records_filter(tool *tool, const char *entity, int count, char **arguments);

/* catalogue.c */
/* The type of an entity's field, as describe names it. NULL: unknown. Borrowed */
const char *catalogue_type(tool *tool, const char *entity, const char *field);
/* The columns of a list for people: the entity's own list view, or its fields of the first priorities;
 * references by their titles. Yours; NULL: the entity says nothing */
json_t *catalogue_columns(tool *tool, const char *entity);

/* transfer.c */
int transfer_import(tool *tool, int count, char **arguments);
int transfer_undo(tool *tool, int count, char **arguments);
int transfer_export(tool *tool, int count, char **arguments);

/* admin.c */
int admin_module(tool *tool, int count, char **arguments);
int admin_user(tool *tool, int count, char **arguments);
int admin_readers(tool *tool, int count, char **arguments);
int admin_role(tool *tool, int count, char **arguments);
int admin_key(tool *tool, int count, char **arguments);
int admin_backup(tool *tool, int count, char **arguments);
int admin_restore(tool *tool, int count, char **arguments);
int admin_check(tool *tool, int count, char **arguments);
int admin_test(tool *tool, int count, char **arguments);
int admin_journal(tool *tool, int count, char **arguments);

/* rules.c, tls.c, completion.c, module_new.c */
int rule_command(tool *tool, int count, char **arguments);
int tls_command(tool *tool, int count, char **arguments);
int completion_command(tool *tool, int count, char **arguments);
int module_new(const char *name);
