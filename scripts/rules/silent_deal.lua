-- Every working morning: open deals that nobody touched for a week get a task.
rule {
  label = "No activity on an open deal for seven days",
  on = "every weekday at 8:00",
  rights = "crm.deal:read; crm.activity:read; base.task:read,create; access.user:read",
  run = function()
    local silent = list("crm.deal",
      {filter = {{"semantic", "=", "open"}, {"updated_at", "<", now() - 7}}, sort = "updated_at", limit = 200})
    for _, deal in ipairs(silent) do
      local recent = count("crm.activity", {{"deal", "=", deal.id}, {"created_at", ">=", now() - 7}})
      local asked = count("base.task", {{"about", "=", deal}, {"created_at", ">=", now() - 7}})
      if recent + asked == 0 then
        task {title = for_user(deal.owner, "Silent for a week: ", "Od tygodnia cisza: ") .. deal.title, owner = deal.owner, about = deal, due = "1 day"}
      end
    end
  end,
}
