-- Approved leave: the substitute is told whom they stand in for, and when. Open tasks go over with the leave itself.
rule {
  label = "Leave approved: tell the substitute",
  on = "hr.leave enters approved",
  when = {{"substitute", "is_null", false}},
  rights = "hr.leave:read; hr.employee:read; base.task:create; access.user:read",
  run = function(leave)
    local who = get("hr.employee", leave.employee)
    task {title = "You stand in for " .. (who and who.name or "a colleague") .. " from " .. leave.from
            .. " to " .. leave["until"], owner = leave.substitute, about = leave}
  end,
}
