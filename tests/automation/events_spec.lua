-- Every kind of event sets a rule off, each as a story from an empty company.
local function rule(name, text)
  local id = call("automation.rule.create", {values = {name = name, text = text}}).id
  call("automation.rule.enable", {id = id})
  return id
end

local function titles()
  local all = {}
  for _, task in ipairs(call("base.task.list", {sort = "id"}).rows) do all[#all + 1] = task.title end
  return all
end

local function pipeline()
  local id = call("crm.pipeline.create", {values = {name = "Sales", initial = true, stages = {
    {name = "New"}, {name = "Offer"}, {name = "Won", semantic = "won"}, {name = "Lost", semantic = "lost"}}}}).id
  local stages = {}
  for _, stage in ipairs(call("crm.pipeline.get", {id = id}).stages) do stages[stage.name] = stage.id end
  return stages
end

describe("robots and triggers", function()
  it("a stage that is entered sets a robot off, what waits goes when it is left", function()
    local stages = pipeline()
    rule("robot", ([[rule { on = "crm.deal.stage enters %d", run = function(deal)
      task {title = "Send the offer: " .. deal.title, owner = deal.owner, about = deal}
      after("2 days", "ask")
    end, ask = function(deal) task {title = "Ask: " .. deal.title, about = deal} end }]]):format(stages.Offer))
    rule("left", ([[rule { on = "crm.deal.stage leaves %d", run = function(deal) task {title = "Left: " .. deal.title} end }]]):format(stages.Offer))
    local stays = call("crm.deal.create", {values = {title = "Fleet"}}).id
    local goes = call("crm.deal.create", {values = {title = "Bell"}}).id
    for _, id in ipairs {stays, goes} do call("crm.deal.update", {id = id, values = {stage = stages.Offer}}) end
    settle()
    call("crm.deal.update", {id = goes, values = {stage = stages.New}})
    advance "3 days"
    expect(titles(), {"Send the offer: Fleet", "Send the offer: Bell", "Left: Bell", "Ask: Fleet"})
    expect(#titles(), 4)
  end)
  it("an outside event moves the stage, and that sets the robot off", function()
    local stages = pipeline()
    rule("robot", ([[rule { on = "crm.deal.stage enters %d", run = function(deal) task {title = "Deliver: " .. deal.title} end }]]):format(stages.Won))
    rule("trigger", ([[rule { on = "webhook deal", rights = "crm.deal:read,update; base.task:create; crm.pipeline:read; access.user:read", run = function(_, _, sent)
      if sent.code == "paid" and get("crm.deal", sent.target) then update("crm.deal", sent.target, {stage = %d}) end end }]]):format(stages.Won))
    local deal = call("crm.deal.create", {values = {title = "Fleet"}}).id
    call("rule.webhook", {name = "deal", payload = {target = deal, code = "looked at"}})
    call("rule.webhook", {name = "deal", payload = {target = 999, code = "paid"}})
    settle()
    expect(call("crm.deal.get", {id = deal}).stage, stages.New)
    call("rule.webhook", {name = "deal", payload = {target = deal, code = "paid"}})
    settle()
    expect(call("crm.deal.get", {id = deal}).semantic, "won")
    expect(titles(), {"Deliver: Fleet"})
  end)
end)

describe("an event", function()
  it("is a call that was registered", function()
    rule("call", [[rule { on = "crm.call.created", when = {{"direction", "=", "in"}}, run = function(c) task {title = "Called: " .. c.phone} end }]])
    call("crm.call.create", {values = {direction = "in", phone = "+48500100200"}})
    call("crm.call.create", {values = {direction = "out", phone = "+48500100201"}})
    expect(titles(), {"Called: +48500100200"})
    expect(#titles(), 1)
  end)
  it("is a day that comes, before and after, on the company's calendar", function()
    call("base.company.create", {values = {name = "Wicher", zone = "Pacific/Auckland"}})
    pipeline()
    rule("before", [[rule { on = "crm.deal.expected_close - 2 days", run = function(d) task {title = "Soon: " .. d.title .. " " .. today()} end }]])
    rule("after", [[rule { on = "crm.deal.expected_close + 1 day", run = function(d) task {title = "Late: " .. d.title .. " " .. today()} end }]])
    call("crm.deal.create", {values = {title = "Fleet", expected_close = "2026-11-27"}})
    settle()
    for _ = 1, 7 do advance "1 day" end
    expect(titles(), {"Soon: Fleet 2026-11-25", "Late: Fleet 2026-11-28"})
    expect(#titles(), 2)
  end)
  it("is a payment that was matched", function()
    local here = {pl = call("base.country.create", {values = {code = "PL", name = "Poland", eu = true}}).id}
    here.PLN = call("base.currency.create", {values = {code = "PLN"}}).id
    call("base.company.create", {values = {name = "Wicher", country = here.pl, currency = here.PLN}})
    call("base.tax.preset", {country = "PL"})
    call("finance.setup", {chart = "polish", year = "2026-01-01"})
    local nowak = call("base.party.create", {values = {name = "Nowak", tax_id = "5260250274"}}).id
    local unit = call("base.unit.create", {values = {code = "szt", category = "count"}}).id
    local bike = call("base.item.create", {values = {code = "B1", name = "Bike", unit = unit, price = "100", currency = here.PLN}}).id
    rule("matched", [[rule { on = "finance.match.created", run = function(m) task {title = "Matched " .. m.amount} end }]])
    local invoice = call("finance.invoice.create", {values = {party = nowak, lines = {{item = bike, quantity = "1", price = "100"}}}}).id
    call("finance.invoice.post", {id = invoice})
    local payment = call("finance.payment.create", {values = {party = nowak, amount = "123.00",
      allocations = {{item = call("finance.open_item.list", {}).rows[1].id}}}}).id
    call("finance.payment.post", {id = payment})
    expect(titles(), {"Matched 123.00"})
  end)
  it("is the clock of the rule's company", function()
    call("base.company.create", {values = {name = "Wicher", zone = "Europe/Warsaw"}})
    rule("nine", [[rule { on = "every day at 9:00", rights = "base.task:create; access.user:read", run = function() task {title = "Nine " .. now()} end }]])
    settle()
    for _ = 1, 26 do advance "1 hour" end
    expect(titles()[1]:sub(1, 18), "Nine 2026-11-24T08")
    expect(#titles(), 1)
  end)
end)
