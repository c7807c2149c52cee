-- A form on the company's pages posts to rule.webhook {name = "lead", payload = {..}}: it becomes a lead.
rule {
  label = "A lead from the web form",
  on = "webhook lead",
  rights = "crm.lead:create,read; access.user:read",
  run = function(_, _, form)
    create("crm.lead", {title = form.subject or "Message from the web", name = form.name, email = form.email,
                        phone = form.phone, text = form.message, source = "web"})
  end,
}
