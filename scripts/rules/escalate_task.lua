-- A task two days over its time goes up: its owner's head gets a task about it.
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
  label = "Escalate overdue tasks",
  on = "base.task.due + 2 days",
  when = {{"state", "in", {"todo", "in_progress"}}},
  rights = "base.task:read,create; access.user:read fields *; access.team:read; access.department:read",
  run = function(late)
    local head = head_of(late.owner)
    if head then
      task {title = for_user(head, "Overdue: ", "Po terminie: ") .. late.title, owner = head, about = late, due = "1 day"}
    end
  end,
}
