-- A won deal: thanks go to the customer once it is certain, and somebody prepares the order.
-- In the language of the user who reads it.
local function for_user(id, en, pl)
  local user = id and get("access.user", id)
  return user and user.lang == "pl" and pl or en
end

rule {
  label = "Won deal: thank-you letter and order",
  on = "crm.deal.semantic enters won",
  moment = "after",
  rights = "base.party:read fields *; base.task:create; crm.deal:read; access.user:read",
  run = function(deal)
    task {title = for_user(deal.owner, "Prepare the order: ", "Przygotuj zamówienie: ") .. deal.title, owner = deal.owner, about = deal, due = "2 days"}
    local customer = get("base.party", deal.party)
    local polish = customer and customer.language == "pl"
    for _, contact in ipairs(customer and customer.contacts or {}) do
      if contact.kind == "email" then
        mail {to = contact.value, subject = polish and "Dziękujemy za zaufanie" or "Thank you for your trust",
              text = (polish and "Cieszymy się na współpracę: " or "We look forward to working with you on ") .. deal.title .. "."}
        return
      end
    end
  end,
}
