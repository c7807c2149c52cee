-- The customer hears of an order's way: confirmed, on hold, finished, cancelled; in their own language.
local words = {
  confirmed = {"Your order %s is confirmed", "Zamówienie %s jest potwierdzone"},
  on_hold = {"Your order %s is on hold: we shall write again", "Zamówienie %s jest wstrzymane: napiszemy ponownie"},
  closed = {"Your order %s is complete", "Zamówienie %s jest zrealizowane"},
  cancelled = {"Your order %s is cancelled", "Zamówienie %s jest anulowane"},
}

rule {
  label = "Order status mails",
  on = {"crm.order enters confirmed", "crm.order enters on_hold", "crm.order enters closed",
        "crm.order enters cancelled"},
  moment = "after",
  rights = "base.party:read fields *; crm.order:read",
  run = function(order, before)
    local party, said = get("base.party", order.party), words[order.state]
    if not party or not said or (order.state == "cancelled" and before and before.state == "draft") then return end
    local text = string.format(said[party.language == "pl" and 2 or 1], order.number)
    for _, contact in ipairs(party.contacts) do
      if contact.kind == "email" then
        mail {to = contact.value, subject = text, text = text .. "."}
        return
      end
    end
  end,
}
