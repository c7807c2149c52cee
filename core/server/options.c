/* options.c -- the command line. */
#include "server/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/bus.h"
#include "bus/version.h"

static const char help[] =
    "kontord " KONTOR_VERSION ", the Kontor server\n"
    "\n"
    "  --data DIR                 where everything is kept (default: ./data)\n"
    "  --http HOST:PORT           HTTP address (default: 127.0.0.1:8080; \"none\": no HTTP)\n"
    "  --listen URL               an nng address, again for more: ipc://, tcp://, tls+tcp://, ws://, wss://\n"
    "                             (default: ipc://DIR/kontor.ipc)\n"
    "  --modules a,b,c            modules to enable at the first start (default: all that are found)\n"
    "  --modules-dir DIR          where modules lie\n"
    "  --rules-dir DIR            where rules lie that come as files\n"
    "  --files DIR                files to serve over HTTP, read at the start\n"
    "  --conf FILE                configuration, in Lua syntax: see conf/kontor.lua\n"
    "  --admin-password-file FILE password of the first administrator (default: a random one, printed once)\n"
    "  --tls-dir DIR              holds cert.pem and key.pem for tls+tcp:// and wss://\n"
    "  --log FILE                 log there instead of standard error; SIGHUP opens it anew\n"
    "  --check DIR                proves a data directory that no server uses, and ends: 0 sound, 1 "
    "damaged,\n"
    "                             2 it could not be checked\n"
    "  --restore BACKUP           verifies a backup, copies it into --data DIR, and ends: 0, 1, 2 as above\n"
    "  --test DIR [--junit FILE]  runs the specs in DIR, or of a file, on servers in memory with these "
    "--modules, and\n"
    "                             ends: 0 all hold\n"
    "  --quiet                    prints no addresses\n"
    "  --check-config             says whether the configuration is sound and what it comes to, and ends\n"
    "  --version, --help\n"
    "\n"
    "SIGTERM and SIGINT: answers what runs, then ends.\n";

enum {
    OPT_DATA = 256,
    OPT_HTTP,
    OPT_LISTEN,
    OPT_MODULES,
    OPT_MODULES_DIR,
    OPT_FILES,
    OPT_RULES_DIR,
    OPT_TEST,
    OPT_JUNIT,
    OPT_CONF,
    OPT_PASSWORD,
    OPT_TLS,
    OPT_LOG,
    OPT_CHECK,
    OPT_CHECK_DATA,
    OPT_RESTORE,
    OPT_QUIET,
    OPT_VERSION,
    OPT_HELP
};

static const struct option known[] = {
    {"data", required_argument, NULL, OPT_DATA},
    {"http", required_argument, NULL, OPT_HTTP},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"modules", required_argument, NULL, OPT_MODULES},
    {"modules-dir", required_argument, NULL, OPT_MODULES_DIR},
    {"files", required_argument, NULL, OPT_FILES},
    {"rules-dir", required_argument, NULL, OPT_RULES_DIR},
    {"test", required_argument, NULL, OPT_TEST},
    {"junit", required_argument, NULL, OPT_JUNIT},
    {"conf", required_argument, NULL, OPT_CONF},
    {"admin-password-file", required_argument, NULL, OPT_PASSWORD},
    {"tls-dir", required_argument, NULL, OPT_TLS},
    {"log", required_argument, NULL, OPT_LOG},
    {"check-config", no_argument, NULL, OPT_CHECK},
    {"check", required_argument, NULL, OPT_CHECK_DATA},
    {"restore", required_argument, NULL, OPT_RESTORE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static bool add_modules(arena *arena, options *o, const char *list)
{
    o->modules_given = true;
    for (const char *at = list; *at;) {
        size_t n = 0;
        while (at[n] && at[n] != ',')
            n++;
        if (n && o->modules_count < OPTION_LIST_MAX)
            o->modules[o->modules_count++] = arena_str(arena, (kt_str){at, n}).ptr;
        else if (n)
            return false;
        at += at[n] ? n + 1 : n;
    }
    return true;
}

/* false: wrong */
static bool take(arena *arena, options *o, int option, const char *value)
{
    switch (option) {
    case OPT_DATA:
        o->data = value;
        return true;
    case OPT_HTTP:
        o->http = value;
        return true;
    case OPT_LISTEN:
        if (o->listen_count >= OPTION_LIST_MAX)
            return false;
        o->listen[o->listen_count++] = value;
        return true;
    case OPT_MODULES:
        return add_modules(arena, o, value);
    case OPT_MODULES_DIR:
        o->modules_directory = value;
        return true;
    case OPT_FILES:
        o->files = value;
        return true;
    case OPT_RULES_DIR:
        o->rules_directory = value;
        return true;
    case OPT_TEST:
        o->test = value;
        return true;
    case OPT_JUNIT:
        o->junit = value;
        return true;
    case OPT_CONF:
        o->conf = value;
        return true;
    case OPT_PASSWORD:
        o->password_file = value;
        return true;
    case OPT_TLS:
        o->tls_directory = value;
        return true;
    case OPT_LOG:
        o->log = value;
        return true;
    case OPT_CHECK_DATA:
        o->check = value;
        return true;
    case OPT_RESTORE:
        o->restore = value;
        return true;
    case OPT_QUIET:
        o->quiet = true;
        return true;
    case OPT_CHECK:
        o->check_config = true;
        return true;
    default:
        return false;
    }
}

/* What comes with the program: beside it in a build, elsewhere where it is installed. NULL: not there. */
static const char *find_part(arena *arena, const char *built, const char *installed)
{
    char exe[4096];
    const char *const places[] = {built, installed};
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    while (n > 0 && exe[n - 1] != '/')
        n--;
    for (size_t i = 0; n > 0 && i < sizeof places / sizeof *places; i++) {
        kt_str path = arena_format(arena, "%.*s%s", (int)n, exe, places[i]);
        if (path.ptr && access(path.ptr, R_OK) == 0)
            return path.ptr;
    }
    return NULL;
}

static void set_defaults(arena *arena, options *o)
{
    if (!o->data)
        o->data = "data";
    if (!o->http)
        o->http = "127.0.0.1:8080";
    const size_t longest = sizeof((struct sockaddr_un *)0)->sun_path - sizeof "/kontor.ipc.pub";
    if (!o->listen_count && strlen(o->data) <= longest) {
        o->listen[0] = arena_format(arena, "ipc://%s/kontor.ipc", o->data).ptr;
        o->listen_count = o->listen[0] ? 1 : 0;
    } else if (!o->listen_count) {
        (void)fprintf(stderr,
            "kontord: no ipc:// address: a socket in %s would have too long a path; --listen names one\n",
            o->data);
    }
    if (!o->modules_directory)
        o->modules_directory = find_part(arena, "modules", "../lib/kontor/modules");
    o->renderer = find_part(arena, "renderer.py", "../share/kontor/renderer.py");
    o->templates = find_part(arena, "templates", "../share/kontor/templates");
}

/* What the server would go by. ./run reads these lines. */
static void print_settings(const options *given, const options *o)
{
    (void)puts("the configuration is sound");
    (void)printf("  data       %s%s\n", o->data, given->data ? "" : " (default)");
    (void)printf("  http       %s%s\n", o->http, given->http ? "" : " (default)");
    for (size_t i = 0; i < o->listen_count; i++)
        (void)printf("  listen     %s%s\n", o->listen[i], given->listen_count ? "" : " (default)");
    (void)printf("  modules    %s\n", o->modules_directory ? o->modules_directory : "none found");
    if (o->password_file || o->admin_password)
        (void)printf("  password   %s\n", o->password_file ? o->password_file : "in the file");
}

/* A folder that is named and not there is a slip of the pen: nothing of it would be missed until much later. */
static bool has_folder(const char *option, const char *path)
{
    if (!path || access(path, R_OK | X_OK) == 0)
        return true;
    (void)fprintf(stderr, "kontord: %s: %s: %s\n", option, path, strerrordesc_np(errno));
    return false;
}

/* What would otherwise be found after the first start has made the data. */
static kt_error *check_addresses(arena *arena, const options *o)
{
    kt_error *all = strcmp(o->http, "none") == 0 ? NULL : bus_http_check(arena, o->http);
    for (size_t i = 0; i < o->listen_count; i++)
        kt_also(&all, bus_listen_check(arena, o->listen[i], o->tls_directory));
    return all;
}

static void print_problems(const kt_error *error, const char *file)
{
    for (const problem *p = error ? error->first : NULL; p; p = p->next)
        (void)fprintf(stderr, "kontord: %s%s%s%s%s\n", file ? file : "", file ? ": " : "",
            p->path ? p->path : "", p->path ? ": " : "", p->text.en);
}

options_result options_read(arena *arena, int argc, char **argv, options *o)
{
    *o = (options){0};
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "h", known, NULL)) != -1;) { /* before any thread */
        if (option == OPT_HELP || option == 'h') {
            (void)fputs(help, stdout);
            return OPTIONS_DONE;
        }
        if (option == OPT_VERSION) {
            (void)puts("kontord " KONTOR_VERSION);
            return OPTIONS_DONE;
        }
        if (!take(arena, o, option, optarg)) {
            if (option != '?')
                (void)fprintf(stderr, "kontord: more than %d of an option or of modules: %s\n",
                    OPTION_LIST_MAX, optarg ? optarg : "");
            (void)fputs("try kontord --help\n", stderr);
            return OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "kontord: unexpected \"%s\"; try kontord --help\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    kt_error *error = o->conf ? conf_read(arena, o->conf, o) : NULL;
    print_problems(error, o->conf);
    if (error)
        return OPTIONS_WRONG;
    if (!has_folder("modules_directory", o->modules_directory) ||
        !has_folder("rules_directory", o->rules_directory))
        return OPTIONS_WRONG;
    const options given = *o;
    set_defaults(arena, o);
    error = o->check || o->restore || o->test ? NULL : check_addresses(arena, o);
    print_problems(error, NULL);
    if (error)
        return OPTIONS_WRONG;
    if (o->check_config)
        print_settings(&given, o);
    return o->check_config ? OPTIONS_DONE : OPTIONS_RUN;
}
