-- Stock went down: whatever the reorder rules want of the item is asked for at once.
rule {
  label = "Stock below its level: purchase request",
  on = "logistics.stock.updated free",
  moment = "after",
  rights = "logistics.*:*; base.item:read; base.pegging:read; base.party:read; base.currency:read; "
    .. "base.currency_rate:read; base.unit:read; base.company:read; base.calendar:read; base.holiday:read",
  run = function(stock, before)
    if before and stock.free < before.free
        and count("logistics.reorder_rule", {{"item", "=", stock.item}, {"active", "=", true}}) > 0 then
      call("logistics.reorder.run", {item = stock.item})
    end
  end,
}
