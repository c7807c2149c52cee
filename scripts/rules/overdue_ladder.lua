-- A customer who does not pay: a reminder after three days, a fee after ten, no more deliveries after twenty.
-- What was paid meanwhile ends it.
local function address(party)
  for _, contact in ipairs(party and party.contacts or {}) do
    if contact.kind == "email" then return contact.value end
  end
end

local function say(item, subject, text)
  local to = address(get("base.party", item.party))
  if to then mail {to = to, subject = subject .. " " .. item.reference, text = text} end
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
    local days = today() - item.due
    if days < 10 then
      say(item, "Reminder:", "The payment of " .. item.open .. " was due on " .. item.due .. ".")
    elseif days < 20 then
      say(item, "Second reminder:", "The payment of " .. item.open .. " was due on " .. item.due
        .. ". We charge the statutory fee for late payment.")
      task {title = "Charge the late fee: " .. item.reference, owner = invoice and invoice.owner, due = "1 day"}
    else
      for _, order in ipairs(list("crm.order", {filter = {{"party", "=", item.party}, {"state", "=", "confirmed"}},
                                                limit = 200})) do
        transition("crm.order", order, "hold", {reason = "overdue: " .. item.reference})
      end
      task {title = "Deliveries stopped, overdue: " .. item.reference, owner = invoice and invoice.owner,
            due = "1 day"}
    end
  end,
}
