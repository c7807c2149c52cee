-- Customer data left twice in a day by the same hands: the head of their team hears of it, once a day.
-- In the language of the user who reads it.
local function for_user(id, en, pl)
  local user = id and get("access.user", id)
  return user and user.lang == "pl" and pl or en
end

rule {
  label = "Customers exported twice in a day",
  on = "every 15 minutes",
  rights = "access.read_log:read; access.user:read fields *; access.team:read; base.task:read,create",
  run = function()
    local since = today()
    local sums = aggregate("access.read_log", {group = {"user", "entity"}, measures = {n = "count"},
      filter = {{"action", "=", "export"}, {"entity", "=", "base.party"}, {"at", ">=", since}}})
    for _, row in ipairs(sums.rows) do
      local user = row.n > 1 and row.user and get("access.user", row.user)
      local team = user and user.teams and user.teams[1] and get("access.team", user.teams[1])
      local told = user and count("base.task", {{"about", "=", user}, {"created_at", ">=", since}}) > 0
      if user and not told and team and team.head then
        task {title = for_user(team.head, "Customers exported " .. row.n .. " times today by " .. user.name,
                               user.name .. ": klienci wyeksportowani dziś razy " .. row.n), owner = team.head, about = user, due = "1 day"}
      end
    end
  end,
}
