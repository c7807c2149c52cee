-- A new lead goes to the next salesperson in turn, who is told; whoever asked gets an answer.
rule {
  label = "Greet a new lead and assign it in turn",
  on = "crm.lead.created",
  when = {{"source", "=", "web"}},
  rights = "access.user:read; crm.lead:read,update; base.task:create",
  run = function(lead)
    local sellers = list("access.user", {filter = {{"active", "=", true}}, sort = "id"})
    lead.owner = sellers[lead.id % #sellers + 1].id
    task {title = "Call back: " .. lead.title, owner = lead.owner, about = lead, due = "1 day"}
    if lead.email then
      mail {to = lead.email, subject = "Thank you for your message",
            text = "Dear " .. (lead.name or "customer") .. ",\nwe shall call you by tomorrow."}
    end
  end,
}
