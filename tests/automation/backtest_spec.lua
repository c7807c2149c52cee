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
end)
