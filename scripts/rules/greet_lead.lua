-- A new lead goes to the next salesperson in turn, who is told; whoever asked gets an answer.
local letters = {
  en = {"Thank you for your message", "Dear %s,\nWe shall call you by tomorrow.", "customer", "Call back: "},
  pl = {"Dziękujemy za wiadomość", "Dzień dobry %s,\nzadzwonimy najpóźniej jutro.", "", "Oddzwoń: "},
}

-- Whoever sells, by role; all, where nobody has one.
local function sellers()
  local active = {"active", "=", true}
  local found = list("access.user", {filter = {active, {"roles.name", "in", {"crm.sales", "crm.sales_head"}}}, sort = "id", limit = 500})
  return #found > 0 and found or list("access.user", {filter = {active}, sort = "id", limit = 500})
end

rule {
  label = "Greet a new lead and assign it in turn",
  on = "crm.lead.created",
  when = {{"source", "=", "web"}},
  rights = "access.user:read fields *; access.role:read; crm.lead:read,update; base.task:create",
  run = function(lead)
    local turn, at = sellers(), 0
    local last = list("crm.lead", {filter = {{"source", "=", "web"}, {"id", "<", lead.id}}, sort = "-id", limit = 1})[1]
    for i, user in ipairs(turn) do
      if last and user.id == last.owner then at = i end
    end
    local seller = turn[at % #turn + 1]
    lead.owner = seller.id
    task {title = letters[seller.lang or "en"][4] .. lead.title, owner = lead.owner, about = lead, due = "1 day"}
    if lead.email then
      local letter = letters[setting("lead_language", "en")]
      mail {to = lead.email, subject = letter[1], text = letter[2]:format(lead.name or letter[3])}
    end
  end,
}
