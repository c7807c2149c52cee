-- A customer who does not pay: a reminder after three days, a fee after ten, no more deliveries after twenty.
-- What was paid meanwhile ends it.
local letters = {
  en = {"Reminder:", "The payment of %s was due on %s.", "Second reminder:", "The payment of %s was due on %s. We charge the statutory fee for late payment."},
  pl = {"Przypomnienie:", "Termin płatności kwoty %s minął %s.", "Drugie przypomnienie:",
        "Termin płatności kwoty %s minął %s. Naliczamy odsetki ustawowe za opóźnienie."},
}
local function address(party)
  for _, contact in ipairs(party and party.contacts or {}) do
    if contact.kind == "email" then return contact.value end
  end
end

local function remind(item, number)
  local party = get("base.party", item.party)
  local letter, to = letters[party and party.language == "pl" and "pl" or "en"], address(party)
  if to then
    mail {to = to, subject = letter[number] .. " " .. item.reference,
          text = letter[number + 1]:format(tostring(item.open), tostring(item.due))}
  end
end

rule {
  label = "Overdue invoices: reminder, fee, delivery stop",
  on = {"finance.open_item.due + 3 days", "finance.open_item.due + 10 days", "finance.open_item.due + 20 days"},
  when = {{"open", ">", "0"}},
  rights = "finance.open_item:read; base.party:read fields *; base.task:create; access.user:read; "
    .. "crm.order:read,update; finance.invoice:read",
  run = function(item, _, _, event)
    local invoice = item.document and item.document.entity == "finance.invoice"
      and get("finance.invoice", item.document.id)
    local owner = invoice and invoice.owner or nil
    local days = today() - item.due
    if days < 10 then
      remind(item, 1)
    elseif days < 20 then
      remind(item, 3)
      task {title = for_user(owner, "Charge the late fee: ", "Nalicz odsetki za opóźnienie: ") .. item.reference, owner = owner, due = "1 day"}
    else
      for _, order in ipairs(list("crm.order", {filter = {{"party", "=", item.party}, {"state", "=", "confirmed"}},
                                                limit = 200})) do
        transition("crm.order", order, "hold", {reason = for_user(owner, "overdue: ", "zaległość: ") .. item.reference})
      end
      task {title = for_user(owner, "Deliveries stopped, overdue: ", "Dostawy wstrzymane, zaległość: ") .. item.reference, owner = owner, due = "1 day"}
    end
  end,
}
