-- Rules that ship and speak of people, each as a story.
describe("goal_bonus", function()
  local function seller()
    local here = {}
    here.user = call("access.user.create", {values = {name = "ola"}}).id
    here.file = call("hr.employee.create", {values = {name = "Ola", owner = here.user, hired = "2024-01-01"}}).id
    call("hr.term.create", {values = {employee = here.file, valid_from = "2024-01-01", pay = "6000"}})
    call("hr.term.create", {values = {employee = here.file, valid_from = "2026-11-20", pay = "8000"}})
    here.stage = {}
    local pipeline = call("crm.pipeline.create", {values = {name = "Sales", initial = true,
      stages = {{name = "New"}, {name = "Won", semantic = "won"}, {name = "Lost", semantic = "lost"}}}}).id
    for _, stage in ipairs(call("crm.pipeline.get", {id = pipeline}).stages) do here.stage[stage.name] = stage.id end
    here.deal = function(amount, stage)
      local id = call("crm.deal.create", {values = {title = "Bikes", amount = amount, owner = here.user}}).id
      call("crm.deal.move", {id = id, stage = here.stage[stage], lost_reason = stage == "Lost" and "price" or nil})
    end
    here.goal = function(indicator, target, weight)
      call("insight.goal.create", {values = {indicator = indicator, owner = here.user, from = "2026-11-01",
        ["until"] = "2026-11-30", target = target, weight = weight}})
    end
    use "goal_bonus"
    return here
  end
  it("is ten per cent of the pay, by goals and weights, with the records behind each line", function()
    local here = seller()
    here.deal("9000", "Won")
    here.deal("3000", "Won")
    here.deal("500", "Lost")
    here.goal("won_amount", "10000", "75")
    here.goal("won_deals", "4", "25")
    expect(call("hr.bonuses_open", {month = "2026-11-23"}), {made = 1, there = 0})
    settle()
    local bonus = call("hr.bonus.list", {}).rows[1]
    expect(bonus, {month = "2026-11-01", total = "720.00", rule = "goal_bonus", state = "draft"})
    expect(bonus.lines, {
      {text = "Deals won, amount: 12000.00 / 10000.00", base = "8000.00", percent = "9.00", amount = "720.00", entity = "crm.deal"},
      {text = "Deals won: 2.00 / 4.00", percent = "0.00", amount = "0.00"}})
    expect(bonus.lines[1].inputs, {target = "10000.00", actual = "12000.00", reached = "120.00", weight = "75.00", pay = "8000.0000"})
    expect(call("crm.deal.count", {filter = bonus.lines[1].filter}), 2)
    expect(call("hr.bonuses_open", {month = "2026-11-01"}), {made = 0, there = 1})
  end)
  it("begins by itself when the month is over", function()
    local here = seller()
    here.goal("won_deals", "1", "100")
    here.deal("100", "Won")
    settle()
    advance "10 days"
    expect(call("hr.bonus.list", {}).rows, {{month = "2026-11-01", total = "800.00"}})
  end)
  it("is worked out again while it is a draft, and stays once it is approved", function()
    local here = seller()
    here.goal("won_deals", "1", "100")
    call("hr.bonuses_open", {month = "2026-11-01"})
    settle()
    local id = call("hr.bonus.list", {}).rows[1].id
    expect(call("hr.bonus.get", {id = id}).total, "0.00")
    here.deal("100", "Won")
    here.deal("100", "Won")
    call("hr.bonus.work_out", {id = id})
    settle()
    expect(call("hr.bonus.get", {id = id}).total, "1200.00")
    call("hr.bonus.approve", {id = id})
    expect(refusal("hr.bonus.work_out", {id = id}), "state")
    expect(refusal("hr.bonus.update", {id = id, values = {lines = {{text = "a gift", amount = "5000"}}}}), "state")
  end)
end)

describe("what hr does by itself", function()
  it("closes also the days on which it did not run", function()
    upkeep "hr"
    call("base.company.create", {values = {name = "Wicher", zone = "Europe/Warsaw"}})
    local file = call("hr.employee.create", {values = {name = "Ewa", hired = "2020-01-01"}}).id
    call("hr.term.create", {values = {employee = file, valid_from = "2020-01-01", post = "Fitter"}})
    local function days()
      local found = {}
      for i, row in ipairs(call("hr.attendance.list", {filter = {{"employee", "=", file}}, sort = "day"}).rows) do found[i] = row.day end
      return found
    end
    settle()
    advance "1 day" -- to Tuesday: Monday is closed
    expect(days(), {"2026-11-23"})
    local rule = call("automation.rule.list", {filter = {{"name", "=", "hr.day_close"}}}).rows[1].id
    call("automation.rule.disable", {id = rule})
    advance "6 days"
    expect(days(), {"2026-11-23"})
    call("automation.rule.enable", {id = rule})
    expect(refusal("hr.close_day", {day = "2026-11-30"}), "validation") -- it is not over
    expect(call("hr.close_day", {day = "2026-11-26"}).absent, 1)
    advance "1 hour" -- from here on it is on the clock again
    advance "1 day"
    expect(days(), {"2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"})
    expect(call("hr.closed_day.count", {}), 8)
    expect(call("hr.close_day", {}), {absent = 0, on_leave = 0, more = false})
  end)
  it("begins terms, lends tasks and roles and takes them back, writes down who was not there", function()
    upkeep "hr"
    call("base.company.create", {values = {name = "Wicher", zone = "Europe/Warsaw"}})
    local head = call("access.role.create", {values = {name = "bosses", grants = "base.task:read"}}).id
    local ewa = call("access.user.create", {values = {name = "ewa", roles = {head}}}).id
    local jan = call("access.user.create", {values = {name = "jan"}}).id
    local file = call("hr.employee.create", {values = {name = "Ewa", owner = ewa, hired = "2020-01-01"}}).id
    call("hr.term.create", {values = {employee = file, valid_from = "2020-01-01", post = "Fitter"}})
    call("hr.term.create", {values = {employee = file, valid_from = "2026-11-25", post = "Forewoman"}})
    local task = call("base.task.create", {values = {title = "Order screws", owner = ewa}}).id
    call("hr.delegation.create", {values = {from = ewa, to = jan, since = "2026-11-25", ["until"] = "2026-11-26", rights = true}})
    settle()
    expect(call("hr.employee.get", {id = file}).post, "Fitter")
    advance "3 days"
    expect(call("hr.employee.get", {id = file}).post, "Forewoman")
    expect(call("base.task.get", {id = task}).owner, jan)
    expect(call("access.user.get", {id = jan}).roles, {head})
    expect(call("hr.attendance.list", {filter = {{"employee", "=", file}}, sort = "day"}).rows, {{state = "absent"}})
    advance "3 days"
    expect(call("base.task.get", {id = task}).owner, ewa)
    expect(#call("access.user.get", {id = jan}).roles, 0)
    for _, rule in ipairs(call("automation.rule.list", {}).rows) do expect(rule.failures or 0, 0) end
  end)
end)
