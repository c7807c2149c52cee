-- What modules bring along happens by itself: on a virtual clock, from an empty company.
describe("a module's upkeep", function()
  it("expires quotations in the night after their date, every night", function()
    upkeep "crm"
    local party = call("base.party.create", {values = {name = "Nowak"}}).id
    local pln = call("base.currency.create", {values = {code = "PLN"}}).id
    local function quotation(valid_until)
      local id = call("crm.quotation.create", {values = {party = party, currency = pln, valid_until = valid_until,
        lines = {{name = "Bicycle", quantity = "1", price = "900"}}}}).id
      call("crm.quotation.send", {id = id})
      return id
    end
    local today = call("crm.quotation.get", {id = quotation("2030-01-01")}).day
    local soon, later = quotation(today), quotation("2030-01-01")
    settle()
    expect(call("crm.quotation.get", {id = soon}).state, "sent")
    advance "2 days"
    settle()
    expect(call("crm.quotation.get", {id = soon}).state, "expired")
    expect(call("crm.quotation.get", {id = later}).state, "sent")
  end)
  it("marks every promise that broke, many at once", function()
    upkeep "crm"
    local party = call("base.party.create", {values = {name = "Nowak"}}).id
    call("crm.sla.create", {values = {priority = "normal", response_minutes = 60, resolution_minutes = 480}})
    for i = 1, 7 do
      call("crm.request.create", {values = {kind = "complaint", party = party, subject = "Bell " .. i}})
    end
    settle()
    advance "2 days"
    expect(call("crm.request.count", {filter = {{"response_status", "=", "failed"}}}), 7)
    expect(call("crm.request.count", {filter = {{"resolution_status", "=", "failed"}}}), 7)
  end)
  it("makes each period's recurring order once, also after a pause", function()
    upkeep "crm"
    local party = call("base.party.create", {values = {name = "Nowak"}}).id
    local pln = call("base.currency.create", {values = {code = "PLN"}}).id
    local today = call("base.task.get", {id = call("base.task.create", {values = {title = "x"}}).id}).created_at:sub(1, 10)
    call("crm.order_template.create", {values = {name = "Water", party = party, currency = pln, every = "day",
      start = today, lines = {{name = "Water", quantity = "1", price = "10"}}}})
    settle()
    advance "1 day"
    settle()
    expect(call("crm.order.count", {}), 2)
    advance "3 days"
    settle()
    expect(call("crm.order.count", {}), 5)
    settle()
    expect(call("crm.order.count", {}), 5)
  end)
  it("makes the next of a task that repeats by its date", function()
    upkeep "base"
    local seller = call("access.user.create", {values = {name = "ewa"}}).id
    call("base.task.create", {values = {title = "Count", due = "2026-11-23T12:00:00Z", owner = seller, ["repeat"] = "day"}})
    settle()
    advance "2 hours"
    settle()
    expect(call("base.task.count", {}), 2)
    advance "2 days"
    settle()
    expect(call("base.task.count", {}), 4)
  end)
  it("can be switched off, and none of it fails", function()
    for _, module in ipairs {"base", "crm", "logistics", "finance", "script", "hr", "insight"} do upkeep(module) end
    local rule = call("automation.rule.list", {filter = {{"name", "=", "crm.requests_fail"}}}).rows[1]
    call("automation.rule.disable", {id = rule.id})
    expect(call("automation.rule.get", {id = rule.id}).state, "off")
    advance "2 days"
    settle()
    for _, other in ipairs(call("automation.rule.list", {}).rows) do
      expect(other.failures or 0, 0)
    end
  end)
end)
