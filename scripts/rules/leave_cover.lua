-- Approved leave: the substitute is told whom they stand in for, and when. Open tasks go over with the leave itself.
rule {
  label = "Leave approved: tell the substitute",
  on = "hr.leave enters approved",
  when = {{"substitute", "is_null", false}},
  rights = "hr.leave:read; hr.employee:read; base.task:create; access.user:read",
  run = function(leave)
    local who = get("hr.employee", leave.employee)
    local name = who and who.name or "?"
    task {title = for_user(leave.substitute, "You stand in for " .. name .. " from " .. leave.from .. " to " .. leave["until"],
                           "Zastępujesz: " .. name .. ", od " .. leave.from .. " do " .. leave["until"]), owner = leave.substitute, about = leave}
  end,
}
