-- A call that was planned and not made: its owner is reminded after an hour.
rule {
  label = "Remind of a call that was not made",
  on = "crm.activity.planned_at + 1 hour",
  when = {{"kind", "=", "call"}, {"state", "=", "planned"}},
  rights = "base.task:create; access.user:read; crm.activity:read",
  run = function(activity)
    task {title = for_user(activity.owner, "Not called yet: ", "Telefon niewykonany: ") .. activity.subject, owner = activity.owner, about = activity, due = "1 day"}
  end,
}
