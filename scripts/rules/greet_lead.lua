-- A new lead goes to the next salesperson in turn, who is told; whoever asked gets an answer.
local letters = {
  en = {"Thank you for your message", "Dear %s,\nwe shall call you by tomorrow.", "customer", "Call back: "},
  pl = {"Dziękujemy za wiadomość", "Dzień dobry %s,\nzadzwonimy najpóźniej jutro.", "", "Oddzwoń: "},
}

rule {
  label = "Greet a new lead and assign it in turn",
  on = "crm.lead.created",
  when = {{"source", "=", "web"}},
  rights = "access.user:read; crm.lead:read,update; base.task:create",
  run = function(lead)
    local sellers = list("access.user", {filter = {{"active", "=", true}}, sort = "id"})
    local seller = sellers[lead.id % #sellers + 1]
    lead.owner = seller.id
    task {title = letters[seller.lang or "en"][4] .. lead.title, owner = lead.owner, about = lead, due = "1 day"}
    if lead.email then
      local letter = letters[setting("lead_language", "en")]
      mail {to = lead.email, subject = letter[1], text = letter[2]:format(lead.name or letter[3])}
    end
  end,
}
