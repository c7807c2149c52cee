/* commands.c -- the table of commands, and the help that goes with them. */
#include <stddef.h>

#include "tool.h"

const tool_command tool_commands[] = {
    {"login", "[USER]", "log in; the session is kept in ~/.config/kontor/session",
        "  kontor login --url http://127.0.0.1:8080 admin\n"
        "  echo \"$PASSWORD\" | kontor login admin          the password from standard input\n",
        0, 1, session_login},
    {"logout", "", "end the session and forget it", "  kontor logout\n", 0, 0, session_logout},
    {"whoami", "", "who is logged in", "  kontor whoami\n", 0, 0, session_whoami},
    {"factor", "set | remove [USER] | show [USER]", "the second factor of your log-in; reset another's",
        "  kontor factor set              shows a secret for your authenticator, then recovery codes\n"
        "  kontor factor remove anna      she lost her telephone and her recovery codes\n",
        1, 2, session_factor},
    {"describe", "[ENTITY]",
        "entities, or one entity's fields and actions; --methods: all that can be called",
        "  kontor describe\n  kontor describe crm.deal\n  kontor describe --methods\n", 0, 1,
        records_describe, "--methods"},
    {"list", "ENTITY [FIELD=VALUE ..]", "records that match",
        "  kontor list base.party kind=organisation name~rower --fields id,name,tax_id --sort name --limit "
        "20\n"
        "  kontor list crm.deal 'amount>=10000' party.name~koło --all --csv > deals.csv\n"
        "  kontor list crm.deal --filter "
        "'[[\"or\",[\"semantic\",\"=\",\"won\"],[\"amount\",\">\",\"50000\"]]]'\n"
        "  kontor list base.party name~kow --explain        which index the server uses\n",
        1, -1, records_list, "--filter --fields --sort --limit --all --explain"},
    {"count", "ENTITY [FIELD=VALUE ..]", "how many match", "  kontor count base.party is_supplier=true\n", 1,
        -1, records_count, "--filter"},
    {"get", "ENTITY ID|NUMBER", "one record",
        "  kontor get base.party 42\n  kontor get base.party 42 --json\n", 2, 2, records_get, "--fields"},
    {"create", "ENTITY FIELD=VALUE ..", "a new record",
        "  kontor create base.party name='Rower Plus' kind=organisation tax_id=5260001246\n"
        "  kontor create base.party name=Anna kind=person "
        "'contacts:=[{\"kind\":\"email\",\"value\":\"anna@example.com\"}]'\n",
        2, -1, records_create, "--dry-run --key"},
    {"update", "ENTITY ID FIELD=VALUE ..", "change a record",
        "  kontor update base.party 42 website=https://example.com\n", 3, -1, records_update,
        "--dry-run --key"},
    {"delete", "ENTITY ID ..", "delete records", "  kontor delete base.note 7 8\n", 2, -1, records_delete,
        "--dry-run"},
    {"call", "METHOD [JSON | NAME=VALUE ..]", "any method",
        "  kontor call crm.lead.convert id=12\n  kontor call system.ping\n"
        "  kontor call base.party.aggregate '{\"group\":[\"kind\"],\"measures\":{\"n\":\"count\"}}'\n",
        1, -1, records_call, "--dry-run --key"},
    {"search", "TEXT", "words and parts of words over everything",
        "  kontor search kowalski\n  kontor search \"600 123\"\n", 1, 1, records_search},
    {"history", "ENTITY ID", "who changed what, and when", "  kontor history base.party 42\n", 2, 2,
        records_history, "--all"},
    {"watch", "[ENTITY ..]", "changes as they happen",
        "  kontor watch\n  kontor watch crm.deal base.task --json\n", 0, -1, records_watch},
    {"rule",
        "list | check FILE | test SPECS [RULES [MODULES]] | backtest FILE [DAYS] | put FILE | enable | "
        "shadow | "
        "disable | runs NAME | graph",
        "automation rules: written, tried, switched on, looked after",
        "  kontor rule check rules/greet.lua          what is wrong with it, by line\n"
        "  kontor rule test specs/greet_spec.lua rules\n"
        "  kontor rule backtest rules/greet.lua 30    what it would have done in thirty days\n"
        "  kontor rule put rules/greet.lua            stored as the rule greet; a new one is a draft\n"
        "  kontor rule shadow greet                   runs without effect; then: enable\n"
        "  kontor rule runs greet                     what it did\n",
        1, 4, rule_command, "--dry-run"},
    {"test", "DIR|FILE [RULES [MODULES]]",
        "the specs in DIR, or of a file, on servers in memory, with the rules of a folder and with these "
        "modules",
        "  kontor test specs rules\n  kontor test specs/greet_spec.lua rules base,crm\n", 1, 3, admin_test},
    {"import", "FILE --entity ENTITY",
        "a file in: CSV, JSON Lines, XLSX, vCard, iCalendar; --dry-run shows every error",
        "  kontor import people.csv --entity base.party --explain      which column goes where\n"
        "  kontor import people.csv --entity base.party --dry-run      every error, nothing saved\n"
        "  kontor import people.csv --entity base.party --skip         what is wrong is left out\n"
        "  kontor import leads.csv --mapping bitrix24-leads.json --custom\n"
        "--mapping is a file of JSON or the name of a saved mapping; --custom makes fields of unknown "
        "columns;\n"
        "--keep takes original ids, times and authors over. See docs/import-export.md.\n",
        1, 1, transfer_import,
        "--entity --mapping --separator --custom --keep --skip --explain --dry-run --all --key"},
    {"undo", "JOB", "take an import back; what others changed since is left and listed", "  kontor undo 7\n",
        1, 1, transfer_undo, "--all"},
    {"export", "ENTITY [FIELD=VALUE ..]", "matching records as CSV, XLSX or (--json) JSON Lines",
        "  kontor export base.party > parties.csv\n  kontor export crm.deal semantic=won --json > "
        "won.jsonl\n  kontor export crm.deal --fields number,title,party.name,amount --labels --file "
        "deals.xlsx\n",
        1, -1, transfer_export, "--filter --fields --sort --labels --mapping --separator --file"},
    {"module", "list | enable NAME | disable NAME | reload NAME | upgrade NAME | new NAME",
        "modules of the server; a new one to write",
        "  kontor module list\n  kontor module disable crm\n  kontor module new visits\n", 1, 2,
        admin_module},
    {"readers", "ENTITY ID", "who was shown a record", "  kontor readers base.party 42\n", 2, 2,
        admin_readers},
    {"user", "list | add NAME [FIELD=VALUE ..] | password [NAME] | reads [NAME] | raise NAME RECORDS",
        "people who may log in; how many records they read today",
        "  kontor user add anna full_name='Anna Nowak' lang=pl\n  kontor user password anna\n"
        "  kontor user raise anna 100          100 different records more than her limit, today\n",
        1, -1, admin_user, "--limit --all"},
    {"role", "list | show NAME | grant USER ROLE | revoke USER ROLE", "what they may do",
        "  kontor role grant anna crm.sales\n", 1, 3, admin_role, "--limit --all --fields"},
    {"key", "new NAME [FIELD=VALUE ..] | rotate ID [overlap_hours=N] | list", "API keys for programs",
        "  kontor key new shop 'scopes=base.party:read' networks=203.0.113.0/24 expires_on=2027-12-31\n"
        "  kontor key rotate 7 overlap_hours=48      the old secret is good for two days more\n",
        1, -1, admin_key, "--limit --all"},
    {"backup", "DIRECTORY", "a consistent copy, made by the server while it runs",
        "  kontor backup /var/backups/kontor/today\n", 1, 1, admin_backup},
    {"restore", "BACKUP DIRECTORY", "a backup into a new data directory, verified (offline)",
        "  kontor restore /var/backups/kontor/today /var/lib/kontor\n", 2, 2, admin_restore},
    {"check", "[DIRECTORY]", "prove every invariant: of a data directory (offline), or of the running server",
        "  kontor check /var/lib/kontor\n  kontor check\n", 0, 1, admin_check},
    {"journal", "verify | checkpoint | head | revert UNIT", "the chained log of every change",
        "  kontor journal verify\n  kontor journal checkpoint\n  kontor journal revert UNIT --dry-run\n", 1,
        2, admin_journal, "--dry-run"},
    {"tls", "make DIRECTORY [HOST] | person DIRECTORY NAME",
        "certificates for development: an authority, a server's, a person's to sign documents with",
        "  kontor tls make var/tls localhost\n  kontor tls person var/tls \"Jan Nowak\"\n", 2, 3,
        tls_command},
    {"completion", "bash | zsh", "completion for your shell", "  source <(kontor completion bash)\n", 1, 1,
        completion_command},
    {0},
};
