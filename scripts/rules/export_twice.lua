-- Customer data left twice in a day by the same hands: their head hears of it, once a day.
rule {
  label = "Customers exported twice in a day",
  on = "every 15 minutes",
  rights = "access.read_log:read; access.user:read; base.task:read,create",
  run = function()
    local since = today()
    local sums = aggregate("access.read_log", {group = {"user", "entity"}, measures = {n = "count"},
      filter = {{"action", "=", "export"}, {"entity", "=", "base.party"}, {"at", ">=", since}}})
    for _, row in ipairs(sums.rows) do
      local user = row.n > 1 and row.user and get("access.user", row.user)
      local head = user and head_of(user.id)
      local told = user and count("base.task", {{"about", "=", user}, {"created_at", ">=", since}}) > 0
      if head and not told then
        task {title = for_user(head, "Customers exported " .. row.n .. " times today by " .. user.name,
                               user.name .. ": klienci wyeksportowani dziś razy " .. row.n), owner = head, about = user, due = "1 day"}
      end
    end
  end,
}
