-- A task two days over its time goes up: its owner's head gets a task about it.
rule {
  label = "Escalate overdue tasks",
  on = "base.task.due + 2 days",
  when = {{"state", "in", {"todo", "in_progress"}}},
  rights = "base.task:read,create; access.user:read",
  run = function(late)
    local head = head_of(late.owner)
    if head then
      task {title = for_user(head, "Overdue: ", "Po terminie: ") .. late.title, owner = head, about = late, due = "1 day"}
    end
  end,
}
