/* options.h -- what kontord is told, by its command line and its conf file; the command line wins. */
#pragma once
#include "server/server.h"

#define OPTION_LIST_MAX 32

typedef struct {
    const char *data, *http, *modules_directory, *conf, *password_file, *log, *tls_directory, *files;
    const char *rules_directory;
    const char *renderer, *templates;        /* of documents; NULL: not found */
    const char *test, *junit;                /* --test DIR: runs specs instead of serving */
    const char *check, *restore;             /* --check DIR, --restore BACKUP: instead of serving */
    const char *admin_password;              /* from the conf file alone */
    const char *listen[OPTION_LIST_MAX + 1]; /* NULL-terminated */
    const char *modules[OPTION_LIST_MAX + 1];
    const char *origins[OPTION_LIST_MAX + 1];
    const char *proxies[OPTION_LIST_MAX + 1]; /* networks whose X-Real-IP is believed */
    size_t listen_count, modules_count, origins_count, proxies_count;
    outbox_options outbox; /* its mail, sms_url, drop_directory */
    outbox_rate rates[OPTION_LIST_MAX + 1];
    size_t rates_count;
    const char *allowed[OPTION_LIST_MAX + 1]; /* webhooks' */
    outbox_secret secrets[OPTION_LIST_MAX + 1];
    size_t secrets_count;
    bool modules_given, relaxed, check_config, debug, quiet;
    uint32_t message_bytes, batch_calls, depth, slow_threads, request_ms, slow_call_ms, read_log_days,
        rule_ms, rule_steps, renderers; /* 0: the default */
} options;

typedef enum { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG } options_result;
/* Reads the command line and, if it names one, the conf file; fills in defaults. Prints help or version
 * (DONE) or what is wrong (WRONG). memory: the texts live in arena */
options_result options_read(arena *arena, int argc, char **argv, options *options);

/* conf.c: reads a conf file into options that the command line left open. */
KT_MUST kt_error *conf_read(arena *arena, const char *path, options *options);
