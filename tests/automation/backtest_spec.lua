-- What rules would have done is told from the journal, as it was at each moment, and none of it is done.
describe("rule.backtest", function()
  local function rule(name, text)
    return call("automation.rule.create", {values = {name = name, text = text}}).id
  end
  it("shows each run at its moment, of several rules in one walk", function()
    local id = call("crm.lead.create", {values = {title = "Bicycles", source = "web", amount = "100"}}).id
    call("crm.lead.update", {id = id, values = {amount = "2000"}})
    call("crm.lead.update", {id = id, values = {title = "Tricycles", amount = "5"}})
    local large = rule("large", [[rule { on = "crm.lead.updated amount", when = {{"amount", ">", "1000"}},
      run = function(lead, before) lead.campaign = lead.title .. " " .. before.amount .. " " .. lead.updated_at:date() end }]])
    local early = rule("early", [[rule { on = "crm.lead.created", rights = "crm.lead:read,update; base.task:create; access.user:read",
      run = function(lead) task {title = lead.title .. " " .. count("crm.lead", {{"amount", "=", "100"}})} end }]])
    local wrong = rule("wrong", [[rule { on = "crm.lead.created", run = function(lead) error("stop") end }]])
    local told = call("rule.backtest", {ids = {large, early, wrong}})
    expect(told, {runs = 3, failed = 1, whole = true})
    expect(#told.rows, 3)
    expect(told.rows[1], {rule = "large", changes = {"campaign"}, would = {{kind = "update", entity = "crm.lead", id = id}}})
    expect(told.rows[2], {rule = "early", would = {{kind = "create", entity = "base.task"}}})
    expect(told.rows[3].error:find("stop", 1, true) ~= nil, true)
    expect(call("base.task.count", {}), 0)
    expect(call("crm.lead.get", {id = id}), {title = "Tricycles", amount = "5.00"})
    expect(#call("rule.backtest", {id = large}).rows, 1)
    expect(refusal("rule.backtest", {}), "validation")
    expect(refusal("rule.backtest", {text = "rule { on = 'crm.lead.vanished', run = function() end }"}), "validation")
  end)
  it("goes through thousands of changes", function()
    for i = 1, 60 do
      local calls = {}
      for k = 1, 50 do calls[k] = {method = "crm.lead.create", params = {values = {title = "L" .. k, source = k % 10 == 0 and "web" or "fair"}}} end
      call("system.batch", {calls = calls})
    end
    local told = call("rule.backtest", {text = [[rule { on = "crm.lead.created", when = {{"source", "=", "web"}},
      run = function(lead) lead.campaign = "web " .. lead.title end }]], entries = 1000000, limit = 5})
    expect(told, {runs = 300, failed = 0, whole = true})
    expect(#told.rows, 5)
  end)
  it("goes back through schedules and dates, each on the state of its moment", function()
    local id = call("crm.lead.create", {values = {title = "First", source = "web"}}).id
    local late = call("base.task.create", {values = {title = "Late", due = "2026-01-03T10:00:00Z"}}).id
    local moved = call("base.task.create", {values = {title = "Moved", due = "2026-01-03T10:00:00Z"}}).id
    local gone = call("base.task.create", {values = {title = "Gone", due = "2026-01-03T10:00:00Z"}}).id
    local began = now()
    advance "1 day"
    call("crm.lead.create", {values = {title = "Second", source = "web"}})
    call("base.task.update", {id = late, values = {title = "Late, touched", due = began + "30 hours"}})
    call("base.task.update", {id = moved, values = {due = began + "30 days"}})
    call("base.task.update", {id = gone, values = {due = began + "30 hours"}})
    advance "3 hours"
    call("base.task.delete", {id = gone})
    advance "2 days"
    call("base.task.update", {id = late, values = {due = began + "40 days"}})
    local daily = rule("daily", [[rule { on = "every day at 9:00", rights = "crm.lead:read; base.task:create; access.user:read",
      run = function() log(count("crm.lead", {}) .. " leads on " .. today()) task {title = "Count"} end }]])
    local reached = rule("reached", [[rule { on = "base.task.due reached", rights = "base.task:read,update",
      run = function(t) t.title = t.title .. " at " .. now() end }]])
    local told = call("rule.backtest", {ids = {daily, reached}, days = 30})
    expect(told, {failed = 0, whole = true, runs = 4})
    expect(#told.not_replayed, 0)
    local days, dates = {}, {}
    for _, row in ipairs(told.rows) do
      if row.rule == "daily" then days[#days + 1] = row.did[1].log:match("^%d+") else dates[#dates + 1] = row end
    end
    expect(table.concat(days, " "), "2 2 1")
    expect(#dates, 1)
    expect(dates[1], {entity = "base.task", id = late, changes = {"title"}})
    expect(call("base.task.count", {}), 2)
    expect(call("rule.backtest", {id = daily, days = 1}).runs, 1)
  end)
  it("says what it cannot know, and which rules want the same field", function()
    rule("live", [[rule { on = "crm.lead.created", run = function(lead) lead.campaign = "live" end }]])
    call("automation.rule.enable", {id = call("automation.rule.list", {filter = {{"name", "=", "live"}}}).rows[1].id})
    call("crm.lead.create", {values = {title = "First", source = "web"}})
    local told = call("rule.backtest", {text = [[rule { on = {"crm.lead.created", "webhook shop", "logistics.valued"}, run = function(lead)
      if lead then lead.campaign = "new" after("3 days", "later") mail {to = "a@example.com", subject = "x", text = "y"} end end,
      later = function(lead) lead.campaign = "later" end }]]})
    expect(told, {runs = 1, conflicts = {{rule = "rule", with = "live", fields = {"campaign"}}}})
    expect(#told.not_replayed, 2)
    expect(told.not_replayed[1], {rule = "rule", on = "webhook shop"})
    expect(told.rows[1].did, {{after = "later"}, {effect = "mail"}})
    expect(call("outbox.effect.count", {}), 0)
  end)
end)
