-- The bonus of a month out of the goals of insight: up to ten per cent of the pay, shared among the goals by their
-- weights. A goal reached by less than 80 % brings nothing, by more than 150 % no more than that. Each line says what
-- it was worked out of, and lists the records behind the figure; a person approves it.
rule {
  label = "Bonus of a month, out of goals reached",
  on = {"hr.bonus.created", "hr.bonus.work_out", "cron 0 6 1 * *"},
  needs = "insight",
  moment = "after",
  rights = "*:read fields *; hr.bonus:create,update",
  run = function(bonus)
    if not bonus then return call("hr.bonuses_open", {}) end
    local share, least, most = dec "10", dec "80", dec "150"
    local who = get("hr.employee", bonus.employee)
    local last = bonus.month + "1 month" - 1
    local terms = list("hr.term", {filter = {{"employee", "=", bonus.employee}, {"valid_from", "<=", last}},
                                   sort = "-valid_from", limit = 1})
    local pay = terms[1] and terms[1].pay
    if not who.owner or not pay or bonus.state ~= "draft" then return end
    local found = call("insight.board", {from = bonus.month, ["until"] = last, owner = who.owner})
    local weights, lines = dec "0", {}
    for _, goal in ipairs(found.goals) do weights = weights + dec(goal.weight) end
    for _, goal in ipairs(found.goals) do
      local reached = goal.reached and dec(goal.reached) or dec "0"
      local counted = reached < least and dec "0" or reached > most and most or reached
      local percent = (share * dec(goal.weight) / weights * counted / 100):round(2)
      lines[#lines + 1] = {
        text = goal.title .. ": " .. (goal.actual or "?") .. " / " .. goal.target, goal = goal.goal,
        formula = share .. " % x " .. goal.weight .. " / " .. weights .. " x " .. counted .. " % = " .. percent
          .. " % of the pay (below " .. least .. " % nothing, at most " .. most .. " %)",
        inputs = {target = goal.target, actual = goal.actual, reached = goal.reached, weight = goal.weight,
                  weights = tostring(weights), pay = tostring(pay)},
        entity = goal.entity, filter = goal.filter, base = pay, percent = percent}
    end
    update("hr.bonus", bonus.id, {lines = lines, rule = "goal_bonus"})
  end,
}
