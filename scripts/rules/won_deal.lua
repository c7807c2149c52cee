-- A won deal: thanks go to the customer once it is certain, and its lines become a draft order, which somebody confirms.
-- A deal without lines, or with a quotation, whose order comes of that, leaves somebody the task to prepare one.
local function draft_order(deal)
  local lines = {}
  for i, line in ipairs(deal.lines or {}) do
    lines[i] = {item = line.item, name = line.name, quantity = line.quantity, unit = line.unit, price = line.price,
                discount_percent = line.discount_percent, discount_amount = line.discount_amount, tax_category = line.tax_category}
  end
  if #lines == 0 or not deal.party or deal.quotation or count("crm.order", {{"deal", "=", deal.id}}) > 0 then return end
  return create("crm.order", {party = deal.party, contact = deal.contact, deal = deal.id, owner = deal.owner, source = deal.source,
                              currency = deal.currency, price_list = deal.price_list, tax_included = deal.tax_included, lines = lines})
end

rule {
  label = "Won deal: thank-you letter and order",
  on = "crm.deal.semantic enters won",
  moment = "after",
  rights = "base.*:read; base.party:read fields *; base.task:create; crm.*:read; crm.order:create; access.user:read",
  run = function(deal)
    local order = draft_order(deal)
    local title = order and for_user(deal.owner, "Check and confirm the order ", "Sprawdź i potwierdź zamówienie ") .. order.number
      or for_user(deal.owner, "Prepare the order: ", "Przygotuj zamówienie: ") .. deal.title
    task {title = title, owner = deal.owner, about = deal, due = "2 days"}
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
