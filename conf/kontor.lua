-- kontor.lua -- a sample configuration of kontord, in Lua syntax. `kontord --conf FILE --check-config` says
-- whether a file is sound; an unknown key is an error. The command line wins over this file.

data = "/var/lib/kontor"            -- default: ./data. Holds everything: back it up with `kontor backup`

http = "127.0.0.1:8080"             -- /rpc, /events, files. Public only behind a proxy: conf/nginx.conf
-- http = "none"

listen = {                          -- nng addresses for programs; default: ipc://DATA/kontor.ipc
  "ipc:///var/lib/kontor/kontor.ipc",
  -- "tcp://127.0.0.1:5800",        -- notices then on port 5801
  -- "tls+tcp://0.0.0.0:5810",      -- needs tls_directory; notices on port 5811
  -- "ws://127.0.0.1:5820/bus",     -- notices at /events of the same port
}
-- tls_directory = "/etc/kontor/tls"  -- cert.pem and key.pem
-- origins = {"https://erp.example.com"}  -- pages that may open a WebSocket here; default: none

-- trusted_proxies = {"127.0.0.1"}  -- addresses and networks of proxies whose X-Real-IP names the client (as
                                    -- conf/nginx.conf sends it); default: none, the peer itself is the client

-- modules = {"base", "crm"}        -- enabled at the first start; default: all that are found
-- modules_directory = "/usr/local/lib/kontor/modules"
-- rules_directory = "/etc/kontor/rules"  -- NAME.lua is the rule NAME; a new one waits to be switched on
-- files = "/usr/local/share/kontor/console"   -- served over HTTP, read into memory at the start

durability = "full"                 -- "relaxed" answers before the disk has it: a power cut may then take
                                    -- the last second's writes though they were confirmed

-- log = "/var/log/kontor/kontor.log"   -- default: standard error. SIGHUP opens it anew
log_level = "info"                  -- or "debug"

-- admin_password_file = "/etc/kontor/admin.password"  -- of the first start; default: a random one, printed once

-- mail = {                         -- how mails leave; without it they wait
--   url = "smtp://mail.example.com:587",  -- STARTTLS; or smtps://mail.example.com:465
--   user = "erp", password = {file = "/etc/kontor/mail.password"},
--   from = "Our company <erp@example.com>",
--   bounce = "bounces@example.com",       -- where what cannot be delivered comes back to; default: the sender
--   a_minute = 300,                -- at most; default: as many as go; the same as rates = {mail = "300/minute"}
-- }
-- webhooks = {
--   allowed = {"127.0.0.1:9000"},  -- targets in your own network, or without TLS; all others must be public https
--   sms = "https://sms.example.com/send",  -- takes {to, text}
--   chat = "https://chat.example.com/hooks/erp",  -- the same, for a chat
-- }
-- rates = {mail = "2000/hour", sms = "1000/day", ["api.example.com"] = "60/minute"}  -- at most, for each channel and
--                                     for webhooks to a host; records of outbox.limit hold besides
-- secrets = {shop = {file = "/etc/kontor/shop.secret"}}  -- rules sign with them; others: outbox.secret.set
-- drop_directory = "/var/spool/kontor"   -- for effects that are files

limits = {
  message_bytes = 1048576,          -- of one message
  batch_calls = 50,                 -- calls in one message or one system.batch
  depth = 64,                       -- nesting of a message
  slow_threads = 2,                 -- for exports, reports, password hashes
  request_ms = 30000,               -- a query that takes longer is stopped
  slow_call_ms = 200,               -- longer calls are logged
  rule_ms = 100,                    -- a rule in Lua that takes longer is killed
  rule_steps = 5000000,             -- instructions that it may take
  renderers = 2,                    -- processes that make PDF, at most 16; some 100 MB each while there is work
  -- read_log_days = 400,           -- older rows of access.read_log are deleted; default: none is
}
