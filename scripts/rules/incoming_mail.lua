-- A mail that came in (clients/python/mailpipe.py hands it over) stands on the customer's card; a stranger's becomes
-- a lead. What came back, or answers a mailing, is counted there. The same mail twice is one.
local function party_of(address)
  return list("base.party", {filter = {{"email", "=", address}}, limit = 1})[1]
end

local function last_letter(party)
  return list("crm.letter", {filter = {{"party", "=", party.id}}, sort = "-id", limit = 1})[1]
end

rule {
  label = "Incoming mail",
  on = "webhook mail",
  rights = "base.party:read fields *; crm.activity:read,create,update; crm.lead:read,create; crm.letter:read,update; "
    .. "access.user:read",
  run = function(_, _, mail)
    local known = mail.message_id and mail.message_id ~= "" and "mail:" .. mail.message_id or nil
    local party = party_of(mail.returned or mail.from)
    local letter = party and last_letter(party)
    if mail.returned then
      if letter then transition("crm.letter", letter, "bounce") end
      return
    end
    if mail.automatic or known and (get("crm.activity", {external_id = known}) or get("crm.lead", {external_id = known})) then
      return
    end
    local subject = mail.subject ~= "" and mail.subject or setting("no_subject", "(no subject)")
    if party then
      local made = create("crm.activity", {kind = "mail", direction = "in", subject = subject, text = mail.text,
                                           party = party, owner = party.owner, external_id = known})
      transition("crm.activity", made.id, "finish")
      if letter then transition("crm.letter", letter, "reply") end
    else
      create("crm.lead", {title = subject, name = mail.name ~= "" and mail.name or mail.from, email = mail.from, text = mail.text,
                          source = "mail", external_id = known})
    end
  end,
}
