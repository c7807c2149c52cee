/* session.c -- who calls which server: options, then environment, then the session file (0600). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tool.h"

static const char *default_url = "http://127.0.0.1:8080";

/* out: the path of the session file; its folder is made. */
static bool session_path(char *out, size_t size)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && *config)
        snprintf(out, size, "%s", config);
    else if (home && *home)
        snprintf(out, size, "%s/.config", home);
    else
        return false;
    mkdir(out, 0700);
    strncat(out, "/kontor", size - strlen(out) - 1);
    mkdir(out, 0700);
    strncat(out, "/session", size - strlen(out) - 1);
    return true;
}

static const char *first_of(const char *option, const char *variable, const json_t *kept)
{
    const char *value = getenv(variable);
    return option ? option : value && *value ? value : json_string_value(kept);
}

void session_load(tool *t)
{
    char path[512];
    json_t *kept = session_path(path, sizeof path) ? json_load_file(path, 0, NULL) : NULL;
    t->session = json_is_object(kept) ? json_incref(kept) : json_object();
    json_decref(kept);
    kept = json_object_get(t->session, "url");
    const char *url = first_of(t->url, "KONTOR_URL", kept);
    size_t n = strlen(url ? url : "");
    while (n && url[n - 1] == '/' && strncmp(url, "http", 4) == 0)
        n--; /* the same server */
    /* a token goes only to the server that gave it */
    const bool same = url && json_is_string(kept) && strncmp(json_string_value(kept), url, n) == 0 &&
                      json_string_length(kept) == n;
    t->token = first_of(t->token, "KONTOR_TOKEN", same ? json_object_get(t->session, "token") : NULL);
    t->ca = first_of(t->ca, "KONTOR_CA", same ? json_object_get(t->session, "ca") : NULL);
    t->lang = first_of(t->lang, "KONTOR_LANG", NULL);
    json_object_set_new(t->session, "used", url ? json_stringn(url, n) : json_string(default_url));
    t->url = json_string_value(json_object_get(t->session, "used"));
}

static int session_save(const tool *t, const char *token)
{
    char path[512];
    if (!session_path(path, sizeof path))
        return tool_fail(EXIT_FILE, "no home directory to keep the session in: use --token");
    json_t *kept = json_pack("{s:s, s:s, s:s*}", "url", t->url, "token", token, "ca", t->ca);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool written = fd >= 0 && fchmod(fd, 0600) == 0 && json_dumpfd(kept, fd, JSON_COMPACT) == 0;
    json_decref(kept);
    if (fd >= 0 && close(fd) != 0)
        written = false;
    return written ? EXIT_DONE : tool_fail(EXIT_FILE, "cannot write %s: %s", path, strerror(errno));
}

static struct termios shown;

/* Whoever gives up at the prompt gets a terminal back that shows what is typed. */
static void show_and_end(int number)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    signal(number, SIG_DFL);
    raise(number);
}

char *session_ask_secret(const char *prompt)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        struct termios hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        fputs(prompt, stderr);
        for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
            signal(ending[i], show_and_end);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t n = getline(&line, &size, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
            signal(ending[i], SIG_DFL);
        fputc('\n', stderr);
    }
    if (n <= 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = 0;
    return line;
}

static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

/* Is it the code of a second factor that the server misses? */
static bool asks_for_code(const json_t *refusal)
{
    const json_t *problems = json_object_get(json_object_get(refusal, "data"), "problems");
    const char *path = json_string_value(json_object_get(json_array_get(problems, 0), "path"));
    return path && strcmp(path, "code") == 0;
}

static json_t *log_in(tool *t, const char *user, const char *password, int *exit_code)
{
    json_t *answer;
    kontor_outcome outcome = kontor_client_call(t->client, "session.login",
        json_pack("{s:s, s:s}", "user", user, "password", password), &tool_reading, &answer);
    if (outcome != KONTOR_REFUSED || !asks_for_code(answer))
        return tool_outcome(t, outcome, answer, exit_code);
    json_decref(answer);
    char *code = session_ask_secret("Code of the second factor: ");
    if (!code) {
        *exit_code = tool_fail(EXIT_USAGE, "no code was given");
        return NULL;
    }
    answer = tool_call(t, "session.login",
        json_pack("{s:s, s:s, s:s}", "user", user, "password", password, "code", code), &tool_reading,
        exit_code);
    forget(code);
    return answer;
}

/* What does not work on the server now: whoever logs in should not have to find out. */
static void show_notices(tool *t)
{
    json_t *health = NULL, *one;
    size_t i;
    if (kontor_client_call(t->client, "system.health", NULL, &tool_reading, &health) == KONTOR_OK)
        json_array_foreach(json_object_get(health, "notices"), i, one)
            fprintf(stderr, "%s\n        %s\n        %s\n", json_string_value(json_object_get(one, "text")),
                json_string_value(json_object_get(one, "reason")),
                json_string_value(json_object_get(one, "hint")));
    json_decref(health);
}

int session_login(tool *t, int count, char **arguments)
{
    const char *user = count ? arguments[0] : "admin";
    int code;
    char *password = session_ask_secret("Password: ");
    if (!password)
        return tool_fail(EXIT_USAGE, "no password was given");
    kontor_client_token(t->client, NULL);
    json_t *answer = log_in(t, user, password, &code);
    forget(password);
    if (!answer)
        return code;
    code = session_save(t, json_string_value(json_object_get(answer, "token")));
    if (code == EXIT_DONE) {
        show_notices(t);
        printf("Logged in to %s as %s until %s.\n", t->url, user,
            json_string_value(json_object_get(answer, "expires_at")));
    }
    json_decref(answer);
    return code;
}

int session_logout(tool *t, int count, char **arguments)
{
    (void)count, (void)arguments;
    char path[512];
    int code;
    json_decref(tool_call(t, "session.logout", NULL, NULL, &code));
    if (session_path(path, sizeof path) && unlink(path) != 0 && errno != ENOENT)
        return tool_fail(EXIT_FILE, "cannot remove %s: %s", path, strerror(errno));
    return code;
}

int session_whoami(tool *t, int count, char **arguments)
{
    (void)count, (void)arguments;
    return tool_show(t, "session.whoami", NULL, &tool_reading);
}

/* ---- The second factor ---- */

static int factor_set(tool *t)
{
    int exit_code = EXIT_USAGE;
    char *password = session_ask_secret("Password: ");
    json_t *made = password ? tool_call(t, "access.factor.enrol", json_pack("{s:s}", "password", password),
                                  NULL, &exit_code)
                            : NULL;
    if (!password)
        return tool_fail(EXIT_USAGE, "no password was given");
    forget(password);
    if (!made)
        return exit_code;
    printf("Enter this in your authenticator:\n  secret  %s\n  or      %s\n",
        json_string_value(json_object_get(made, "secret")), json_string_value(json_object_get(made, "uri")));
    fflush(stdout);
    json_decref(made);
    char *code = session_ask_secret("The code that it shows: ");
    if (!code)
        return tool_fail(EXIT_USAGE, "no code was given: nothing is set");
    json_t *set = tool_call(t, "access.factor.confirm", json_pack("{s:s}", "code", code), NULL, &exit_code);
    forget(code);
    if (!set)
        return exit_code;
    puts("The second factor is set. Keep these recovery codes; each is good once:");
    const json_t *codes = json_object_get(set, "recovery_codes"), *one;
    size_t i;
    json_array_foreach(codes, i, one) printf("  %s\n", json_string_value(one));
    json_decref(set);
    return EXIT_DONE;
}

int session_factor(tool *t, int count, char **arguments)
{
    json_t *params = count == 2 ? json_pack("{s:s}", "user", arguments[1]) : json_object();
    if (strcmp(arguments[0], "show") == 0)
        return tool_show(t, "access.factor.show", params, &tool_reading);
    if (strcmp(arguments[0], "remove") == 0) {
        char *code = count == 1 ? session_ask_secret("Code: ") : NULL;
        if (code)
            json_object_set_new(params, "code", json_string(code));
        forget(code);
        return tool_show(t, "access.factor.remove", params, NULL);
    }
    json_decref(params);
    if (count == 1 && strcmp(arguments[0], "set") == 0)
        return factor_set(t);
    return tool_fail(EXIT_USAGE, "see `kontor help factor`");
}
