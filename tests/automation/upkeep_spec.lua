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
  it("keeps nothing of a lot that is past its day", function()
    upkeep "logistics"
    local party = call("base.party.create", {values = {name = "Nowak"}}).id
    local pln = call("base.currency.create", {values = {code = "PLN"}}).id
    local today = call("base.task.get", {id = call("base.task.create", {values = {title = "x"}}).id}).created_at:sub(1, 10)
    local milk = call("base.item.create", {values = {code = "M", name = "Milk", tracking = "lot", price = "3", currency = pln}}).id
    local entry = call("logistics.transfer.create", {values = {kind = "entry", lines = {
      {item = milk, quantity = "2", new_lot = "today", expires = today}, {item = milk, quantity = "5", new_lot = "later", expires = "2099-01-01"}}}}).id
    call("logistics.transfer.post", {id = entry})
    local function kept()
      local rows = call("logistics.reservation.list", {fields = {"lot.name", "quantity"}}).rows
      return #rows == 1 and rows[1]["lot.name"] .. " " .. rows[1].quantity or #rows
    end
    local delivery = call("logistics.delivery.create", {values = {party = party, lines = {{item = milk, quantity = "2"}}}}).id
    call("logistics.delivery.confirm", {id = delivery})
    settle()
    expect(kept(), "today 2.0000")
    advance "2 days"
    settle()
    expect(kept(), "later 2.0000")
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
  it("goes on in steps until all is done", function()
    upkeep "crm"
    local party = call("base.party.create", {values = {name = "Nowak"}}).id
    local pln = call("base.currency.create", {values = {code = "PLN"}}).id
    local today = call("base.task.get", {id = call("base.task.create", {values = {title = "x"}}).id}).created_at:sub(1, 10)
    for i = 1, 11 do
      local calls = {}
      for k = 1, 50 do
        calls[k] = {method = "crm.quotation.create", params = {values = {party = party, currency = pln, valid_until = today,
          lines = {{name = "Bicycle", quantity = "1", price = "900"}}}}}
      end
      for _, made in ipairs(call("system.batch", {calls = calls}).results) do call("crm.quotation.send", {id = made.result.id}) end
    end
    settle()
    advance "2 days"
    expect(call("crm.quotation.count", {filter = {{"state", "=", "expired"}}}), 550)
    for _, rule in ipairs(call("automation.rule.list", {filter = {{"name", "=", "crm.quotations_expire"}}}).rows) do
      expect(call("rule.runs", {id = rule.id}).runs, 2)
    end
  end)
  it("keeps to the clock of the company, though the rule is of none", function()
    upkeep "crm"
    call("base.company.create", {values = {name = "Wicher", zone = "America/New_York"}})
    local party = call("base.party.create", {values = {name = "Nowak"}}).id
    local pln = call("base.currency.create", {values = {code = "PLN"}}).id
    local id = call("crm.quotation.create", {values = {party = party, currency = pln, valid_until = "2026-11-23",
      lines = {{name = "Bicycle", quantity = "1", price = "900"}}}}).id
    call("crm.quotation.send", {id = id})
    settle()
    advance "18 hours" -- early on the next day in UTC, before midnight in New York
    expect(call("crm.quotation.get", {id = id}).state, "sent")
    advance "1 hour"
    expect(call("crm.quotation.get", {id = id}).state, "expired")
  end)
  it("queues every record whose day comes, however many", function()
    local rule = call("automation.rule.create", {values = {name = "many", text = [[rule { on = "base.task.due reached",
      rights = "base.task:read,update", run = function(t) t.text = "reached" end }]]}}).id
    call("automation.rule.enable", {id = rule})
    for i = 1, 21 do
      local calls = {}
      for k = 1, 50 do calls[k] = {method = "base.task.create", params = {values = {title = "T", due = "2026-11-23T14:00:00Z"}}} end
      call("system.batch", {calls = calls})
    end
    settle()
    advance "4 hours"
    expect(call("base.task.count", {filter = {{"text", "=", "reached"}}}), 1050)
    advance "1 hour"
    expect(call("rule.runs", {id = rule}).runs, 1050)
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
