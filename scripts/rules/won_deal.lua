-- A won deal: thanks go to the customer once it is certain, and somebody prepares the order.
rule {
  label = "Won deal: thank-you letter and order",
  on = "crm.deal.semantic enters won",
  moment = "after",
  rights = "base.party:read fields *; base.task:create; crm.deal:read; access.user:read",
  run = function(deal)
    task {title = "Prepare the order: " .. deal.title, owner = deal.owner, about = deal, due = "2 days"}
    local customer = get("base.party", deal.party)
    for _, contact in ipairs(customer and customer.contacts or {}) do
      if contact.kind == "email" then
        mail {to = contact.value, subject = "Thank you for your trust",
              text = "We look forward to working with you on " .. deal.title .. "."}
        return
      end
    end
  end,
}
