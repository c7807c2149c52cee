-- What a rule did is in its log, and what failed can be run again.
describe("the log of runs", function()
  local function rule(text)
    local id = call("automation.rule.create", {values = {name = "shop", text = text}}).id
    call("automation.rule.enable", {id = id})
    return id
  end
  local broken = [[rule {on = "webhook shop", rights = "base.task:create; access.user:read", run = function(_, _, sent)
    task {title = sent.titel .. ""} end}]]
  local mended = broken:gsub("titel", "title")

  it("has what a webhook brought, and a failed run goes again, once", function()
    local id = rule(broken)
    call("rule.webhook", {name = "shop", payload = {title = "Call back", lines = {1, 2}}})
    settle()
    local run = call("rule.runs", {id = id}).rows[1]
    expect(run, {outcome = "failed", event = "webhook shop", payload = {title = "Call back", lines = {1, 2}}})
    expect(call("base.task.count", {}), 0)
    call("automation.rule.update", {id = id, values = {text = mended}})
    call("rule.retry", {id = id, run = run.run})
    settle()
    expect(call("base.task.list", {}).rows[1].title, "Call back")
    local again = call("rule.runs", {id = id}).rows[1]
    expect(again, {outcome = "done", payload = {title = "Call back"}, run = run.run + 1})
    expect((refusal("rule.retry", {id = id, run = run.run})), "not_found")
    expect((refusal("rule.retry", {id = id, run = again.run})), "not_found")
    settle()
    expect(call("base.task.count", {}), 1)
  end)
  it("says only how long a large payload was", function()
    local id = rule(mended)
    call("rule.webhook", {name = "shop", payload = {title = "x", text = string.rep("a", 5000)}})
    settle()
    local run = call("rule.runs", {id = id}).rows[1]
    expect(run.payload, nil)
    expect(run.payload_bytes > 5000, true)
  end)
  it("runs nothing again of a rule that is off", function()
    local id = rule(broken)
    call("rule.webhook", {name = "shop", payload = {title = "x"}})
    settle()
    call("automation.rule.disable", {id = id})
    expect((refusal("rule.retry", {id = id, run = 0})), "state")
  end)
end)
