/* admin.c -- modules, users, roles, keys, backup and restore, check, the journal. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "tool.h"

static int usage(const char *of)
{
    return tool_fail(EXIT_USAGE, "see `kontor help %s`", of);
}

int admin_module(tool *t, int count, char **arguments)
{
    char method[64];
    if (count == 1 && strcmp(arguments[0], "list") == 0)
        return tool_show(t, "module.list", NULL, &tool_reading);
    if (count == 2 && strcmp(arguments[0], "new") == 0)
        return module_new(arguments[1]);
    static const char *const verbs[] = {"enable", "disable", "reload", "upgrade"};
    for (size_t i = 0; count == 2 && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(arguments[0], verbs[i]) == 0) {
            snprintf(method, sizeof method, "module.%s", verbs[i]);
            return tool_show(t, method, json_pack("{s:s}", "name", arguments[1]), NULL);
        }
    }
    return usage("module");
}

/* NAME=VALUE arguments into values. returns false: a mistake, printed */
static bool add_values(json_t *values, int count, char **arguments)
{
    for (int i = 0; i < count; i++) {
        argument a;
        json_t *value = argument_read(arguments[i], &a) ? argument_value(&a, NULL) : NULL;
        if (!value) {
            tool_fail(EXIT_USAGE, "%s: write NAME=VALUE or NAME:=JSON", arguments[i]);
            return false;
        }
        json_object_set_new(values, a.name, value);
    }
    return true;
}

/* The id of the record with this name; 0: none, the reason is printed. */
static json_int_t id_by_name(tool *t, const char *entity, const char *name, int *code)
{
    char method[80];
    snprintf(method, sizeof method, "%s.list", entity);
    json_t *answer = tool_call(t, method,
        json_pack("{s:[[s,s,s]], s:[s]}", "filter", "name", "=", name, "fields", "id"), &tool_reading, code);
    json_int_t id = json_integer_value(
        json_object_get(json_array_get(json_object_get(answer, "rows"), 0), "id"));
    json_decref(answer);
    if (!id && *code == EXIT_DONE)
        *code = tool_fail(EXIT_NOT_FOUND, "no %s named %s", entity, name);
    return id;
}

static int user_password(tool *t, const char *name)
{
    int code = EXIT_DONE;
    json_int_t user = name ? id_by_name(t, "access.user", name, &code) : 0;
    if (code != EXIT_DONE)
        return code;
    json_t *params = json_object();
    char *old = name ? NULL : session_ask_secret("Old password: "),
         *fresh = session_ask_secret("New password: ");
    if (!fresh)
        return tool_fail(EXIT_USAGE, "no password was given");
    json_object_set_new(params, "new", json_string(fresh));
    if (user)
        json_object_set_new(params, "user", json_integer(user));
    if (old)
        json_object_set_new(params, "old", json_string(old));
    json_decref(tool_call(t, "access.password", params, NULL, &code));
    free(old);
    free(fresh);
    return code;
}

int admin_user(tool *t, int count, char **arguments)
{
    int code;
    if (count == 1 && strcmp(arguments[0], "list") == 0) {
        t->fields = "id,name,full_name,email,active,roles";
        char entity[] = "access.user", *list[] = {entity};
        return records_list(t, 1, list);
    }
    if (strcmp(arguments[0], "password") == 0 && count <= 2)
        return user_password(t, count == 2 ? arguments[1] : NULL);
    if (strcmp(arguments[0], "reads") == 0 && count <= 2)
        return tool_show(t, "access.reads.show", count == 2 ? json_pack("{s:s}", "user", arguments[1]) : NULL,
            &tool_reading);
    if (strcmp(arguments[0], "raise") == 0 && count == 3) {
        const json_int_t records = tool_number(arguments[2], "number of records");
        return records ? tool_show(t, "access.reads.raise",
                             json_pack("{s:s, s:I}", "user", arguments[1], "records", records), NULL)
                       : EXIT_USAGE;
    }
    if (strcmp(arguments[0], "add") != 0 || count < 2)
        return usage("user");
    json_t *values = json_pack("{s:s, s:b}", "name", arguments[1], "active", 1);
    if (!add_values(values, count - 2, arguments + 2)) {
        json_decref(values);
        return EXIT_USAGE;
    }
    json_t *made = tool_call(t, "access.user.create", json_pack("{s:o}", "values", values), NULL, &code);
    json_decref(made);
    return made ? user_password(t, arguments[1]) : code;
}

int admin_readers(tool *t, int count, char **arguments)
{
    (void)count;
    const json_int_t id = tool_number(arguments[1], "id");
    return id ? tool_show(t, "access.readers", json_pack("{s:s, s:I}", "entity", arguments[0], "id", id),
                    &tool_reading)
              : EXIT_USAGE;
}

static int change_role(tool *t, const char *user_name, const char *role_name, bool grant)
{
    int code;
    json_int_t role = id_by_name(t, "access.role", role_name, &code);
    json_int_t user = role ? id_by_name(t, "access.user", user_name, &code) : 0;
    if (!user)
        return code;
    json_t *answer = tool_call(t, "access.user.get",
        json_pack("{s:I, s:[s,s]}", "id", user, "fields", "roles", "version"), &tool_reading, &code);
    if (!answer)
        return code;
    json_t *roles = json_array(), *kept;
    size_t i;
    json_array_foreach(json_object_get(answer, "roles"), i, kept) if (json_integer_value(kept) != role)
        json_array_append(roles, kept);
    if (grant)
        json_array_append_new(roles, json_integer(role));
    json_t *params = json_pack("{s:I, s:{s:o}}", "id", user, "values", "roles", roles);
    json_t *version = json_object_get(answer, "version");
    if (version)
        json_object_set(params, "if_version", version);
    json_decref(answer);
    return tool_show(t, "access.user.update", params, NULL);
}

int admin_role(tool *t, int count, char **arguments)
{
    char entity[] = "access.role";
    if (count == 1 && strcmp(arguments[0], "list") == 0) {
        char *list[] = {entity};
        t->fields = t->fields ? t->fields : "id,name,label";
        return records_list(t, 1, list);
    }
    if (count == 2 && strcmp(arguments[0], "show") == 0) {
        int code;
        json_int_t id = id_by_name(t, entity, arguments[1], &code);
        return id ? tool_show(t, "access.role.get", json_pack("{s:I}", "id", id), &tool_reading) : code;
    }
    bool grant = strcmp(arguments[0], "grant") == 0;
    if (count == 3 && (grant || strcmp(arguments[0], "revoke") == 0))
        return change_role(t, arguments[1], arguments[2], grant);
    return usage("role");
}

int admin_key(tool *t, int count, char **arguments)
{
    char entity[] = "access.key", *list[] = {entity};
    if (count == 1 && strcmp(arguments[0], "list") == 0)
        return records_list(t, 1, list);
    bool rotate = strcmp(arguments[0], "rotate") == 0;
    if (count < 2 || (!rotate && strcmp(arguments[0], "new") != 0))
        return usage("key");
    const json_int_t id = rotate ? tool_number(arguments[1], "id of a key") : 0;
    if (rotate && !id)
        return EXIT_USAGE;
    json_t *values = rotate ? json_pack("{s:I}", "id", id) : json_pack("{s:s}", "name", arguments[1]);
    if (!add_values(values, count - 2, arguments + 2)) {
        json_decref(values);
        return EXIT_USAGE;
    }
    return tool_show(t, rotate ? "access.key.rotate" : "access.key.create_secret", values, NULL);
}

/* ---- The files ---- */

/* Runs kontord, which stands beside this program or on the PATH. returns its exit code */
static int run_kontord(char *const arguments[])
{
    char here[PATH_MAX], path[PATH_MAX + 8] = "kontord";
    pid_t child = fork();
    int status;
    if (child == 0) {
        if (tool_folder(here))
            snprintf(path, sizeof path, "%s/kontord", here);
        execv(path, arguments);
        execvp("kontord", arguments);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return tool_fail(EXIT_FILE, "cannot run kontord: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return tool_fail(EXIT_FILE, "kontord is not beside kontor nor on the PATH");
    return !WIFEXITED(status) || WEXITSTATUS(status) == 1 ? EXIT_DAMAGED
           : WEXITSTATUS(status) == 0                     ? EXIT_DONE
                                                          : EXIT_FILE;
}

/* What goes through all that is stored takes as long as that takes: asked again it would begin anew. */
enum { HOUR_MS = 3600 * 1000 };
static const kontor_call_options whole_store = {.reads = true, .timeout_ms = HOUR_MS},
                                 copying = {.timeout_ms = HOUR_MS};

int admin_backup(tool *t, int count, char **arguments)
{
    (void)count;
    char here[PATH_MAX - 256], path[PATH_MAX];
    /* the server makes the directory: its own idea of "here" is another one */
    if (*arguments[0] == '/')
        snprintf(path, sizeof path, "%s", arguments[0]);
    else if (!getcwd(here, sizeof here) ||
             snprintf(path, sizeof path, "%s/%s", here, arguments[0]) >= (int)sizeof path)
        return tool_fail(EXIT_FILE, "%s: %s", arguments[0], strerror(errno));
    return tool_show(t, "backup.create", json_pack("{s:s}", "directory", path), &copying);
}

int admin_restore(tool *t, int count, char **arguments)
{
    (void)t, (void)count;
    char command[] = "kontord", option[] = "--restore", to[] = "--data";
    char *const run[] = {command, option, arguments[0], to, arguments[1], NULL};
    return run_kontord(run);
}

int admin_check(tool *t, int count, char **arguments)
{
    char command[] = "kontord", option[] = "--check";
    char *const run[] = {command, option, arguments[0], NULL};
    int code;
    if (count)
        return run_kontord(run);
    json_t *answer;
    const kontor_outcome outcome = kontor_client_call(t->client, "system.check", NULL, &whole_store, &answer);
    const char *kind = json_string_value(json_object_get(json_object_get(answer, "data"), "kind"));
    const bool damaged = outcome == KONTOR_REFUSED && kind && strcmp(kind, "storage") == 0;
    answer = tool_outcome(t, outcome, answer, &code);
    if (answer)
        tool_print(t, answer);
    json_decref(answer);
    return damaged ? EXIT_DAMAGED : code;
}

int admin_test(tool *t, int count, char **arguments)
{
    (void)t;
    char command[] = "kontord", option[] = "--test", rules[] = "--rules-dir", modules[] = "--modules";
    char *const run[] = {command, option, arguments[0], count > 1 ? rules : NULL,
        count > 1 ? arguments[1] : NULL, count > 2 ? modules : NULL, count > 2 ? arguments[2] : NULL, NULL};
    return run_kontord(run);
}

int admin_journal(tool *t, int count, char **arguments)
{
    int code;
    if (strcmp(arguments[0], "head") == 0)
        return tool_show(t, "journal.head", NULL, &tool_reading);
    if (strcmp(arguments[0], "checkpoint") == 0)
        return tool_show(t, "journal.checkpoint", NULL, NULL);
    if (strcmp(arguments[0], "revert") == 0 && count == 2)
        return tool_show(t, "journal.revert", json_pack("{s:s}", "unit", arguments[1]), NULL);
    if (strcmp(arguments[0], "verify") != 0)
        return usage("journal");
    json_t *verdict = tool_call(t, "journal.verify", NULL, &whole_store, &code);
    if (!verdict)
        return code;
    json_int_t bad = json_integer_value(json_object_get(verdict, "first_bad"));
    if (t->format != FORMAT_TABLE)
        tool_print(t, verdict);
    if (bad)
        code = tool_fail(EXIT_DAMAGED, "entry %lld is not what was written: %s", (long long)bad,
            json_string_value(json_object_get(verdict, "reason")));
    else if (t->format == FORMAT_TABLE)
        printf("The journal is sound: %lld entries.\n",
            (long long)json_integer_value(json_object_get(verdict, "entries")));
    json_decref(verdict);
    return code;
}
