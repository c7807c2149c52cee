-- Customer data left twice in a day by the same hands: their head hears of it, once a day.
-- In the language of the user who reads it.
local function for_user(id, en, pl)
  local user = id and get("access.user", id)
  return user and user.lang == "pl" and pl or en
end

-- The head of the user's team, or of the department, or the next one above; never the user.
local function head_of(id)
  local user = id and get("access.user", id)
  local team = user and user.teams and user.teams[1] and get("access.team", user.teams[1])
  if team and team.head and team.head ~= id then return team.head end
  local place = user and user.department and get("access.department", user.department)
  while place and (not place.head or place.head == id) do place = place.parent and get("access.department", place.parent) end
  return place and place.head
end

rule {
  label = "Customers exported twice in a day",
  on = "every 15 minutes",
  rights = "access.read_log:read; access.user:read fields *; access.team:read; access.department:read; base.task:read,create",
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
