-- A form on the company's pages posts to rule.webhook {name = "lead", payload = {..}}: it becomes a lead, which keeps what
-- the link or advertisement said that brought somebody.
rule {
  label = "A lead from the web form",
  on = "webhook lead",
  rights = "crm.lead:create,read; access.user:read",
  run = function(_, _, form)
    create("crm.lead", {title = form.subject or setting("web_lead_title", "Message from the web"), name = form.name, email = form.email,
                        phone = form.phone, company_name = form.company, text = form.message,
                        source = form.source or "web", campaign = form.campaign or form.utm_campaign,
                        utm_source = form.utm_source, utm_medium = form.utm_medium, utm_campaign = form.utm_campaign,
                        utm_content = form.utm_content, utm_term = form.utm_term})
  end,
}
