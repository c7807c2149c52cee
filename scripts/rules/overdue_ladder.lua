-- A customer who does not pay: a reminder after three days, a fee after ten, no more deliveries after twenty.
-- What was paid meanwhile ends it. The setting `late_interest` is the rate a year, in per cent, that the fee is reckoned by.
local letters = {
  en = {"Reminder:", "The payment of %s was due on %s.", "Second reminder:", "The payment of %s was due on %s. We charge the statutory fee for late payment%s."},
  pl = {"Przypomnienie:", "Termin płatności kwoty %s minął %s.", "Drugie przypomnienie:",
        "Termin płatności kwoty %s minął %s. Naliczamy odsetki ustawowe za opóźnienie%s."},
}

local function address(party)
  for _, contact in ipairs(party and party.contacts or {}) do
    if contact.kind == "email" then return contact.value end
  end
end

local function sum(item, amount, lang)
  local text = tostring(amount:round(2))
  return (lang == "pl" and text:gsub("%.", ",") or text) .. " " .. get("base.currency", item.currency).code
end

local function on(day, lang)
  return lang == "pl" and ("%02d.%02d.%d"):format(day.day, day.month, day.year) or tostring(day)
end

-- What is due for the days passed; nothing where no rate is set.
local function fee(item)
  local rate = setting "late_interest"
  return rate and item.open * dec(rate) * (today() - item.due) / 36500
end

local function remind(item, number)
  local party = get("base.party", item.party)
  local lang, to = party and party.language == "pl" and "pl" or "en", address(party)
  local owed = number > 1 and fee(item)
  if to then
    mail {to = to, subject = letters[lang][number] .. " " .. item.reference,
          text = letters[lang][number + 1]:format(sum(item, item.open, lang), on(item.due, lang), owed and ": " .. sum(item, owed, lang) or "")}
  end
end

rule {
  label = "Overdue invoices: reminder, fee, delivery stop",
  on = {"finance.open_item.due + 3 days", "finance.open_item.due + 10 days", "finance.open_item.due + 20 days"},
  when = {{"open", ">", "0"}},
  rights = "finance.open_item:read; base.party:read fields *; base.currency:read; base.task:create; access.user:read; "
    .. "crm.order:read,update; finance.invoice:read",
  run = function(item, _, _, event)
    local invoice = item.document and item.document.entity == "finance.invoice"
      and get("finance.invoice", item.document.id)
    local owner = invoice and invoice.owner or nil
    local days = today() - item.due
    if days < 10 then
      remind(item, 1)
    elseif days < 20 then
      local owed = fee(item)
      remind(item, 3)
      task {title = for_user(owner, "Charge the late fee: ", "Nalicz odsetki za opóźnienie: ") .. item.reference .. (owed and ", " .. sum(item, owed) or ""),
            owner = owner, due = "1 day"}
    else
      for _, order in ipairs(list("crm.order", {filter = {{"party", "=", item.party}, {"state", "=", "confirmed"}},
                                                limit = 200})) do
        transition("crm.order", order, "hold", {reason = for_user(owner, "overdue: ", "zaległość: ") .. item.reference})
      end
      task {title = for_user(owner, "Deliveries stopped, overdue: ", "Dostawy wstrzymane, zaległość: ") .. item.reference, owner = owner, due = "1 day"}
    end
  end,
}
