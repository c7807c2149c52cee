-- A task two days over its time goes up: the head of one of its owner's teams gets a task about it.
-- In the language of the user who reads it.
local function for_user(id, en, pl)
  local user = id and get("access.user", id)
  return user and user.lang == "pl" and pl or en
end

rule {
  label = "Escalate overdue tasks",
  on = "base.task.due + 2 days",
  when = {{"state", "in", {"todo", "in_progress"}}},
  rights = "base.task:read,create; access.user:read fields *; access.team:read",
  run = function(late)
    local owner = get("access.user", late.owner)
    local team = owner and owner.teams and get("access.team", owner.teams[1])
    if team and team.head and team.head ~= late.owner then
      task {title = for_user(team.head, "Overdue: ", "Po terminie: ") .. late.title, owner = team.head, about = late, due = "1 day"}
    end
  end,
}
