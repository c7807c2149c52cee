-- The rules that ship, each as a story from an empty company.
local function salespeople(n)
  for i = 1, n do
    call("access.user.create", {values = {name = "seller" .. i}})
  end
end

local function pipeline()
  local id = call("crm.pipeline.create", {values = {name = "Sales", initial = true, stages = {
    {name = "New"}, {name = "Won", semantic = "won"}, {name = "Lost", semantic = "lost"}}}}).id
  local stages = {}
  for _, stage in ipairs(call("crm.pipeline.get", {id = id}).stages) do
    stages[stage.name] = stage.id
  end
  return stages
end

describe("greet_lead", function()
  it("assigns leads from the web in turn and answers", function()
    salespeople(2)
    use "greet_lead"
    local owners = {}
    for i = 1, 3 do
      local id = call("crm.lead.create", {values = {title = "Bicycles", source = "web", email = "a@example.com"}}).id
      owners[call("crm.lead.get", {id = id}).owner] = true
    end
    local n = 0
    for _ in pairs(owners) do n = n + 1 end
    expect(n, 3)
    expect(call("base.task.count", {}), 3)
    local letters = call("outbox.effect.list", {filter = {{"kind", "=", "mail"}}}).rows
    expect(#letters, 3)
    expect(letters[1].params.to, "a@example.com")
  end)
  it("passes over whoever has another role", function()
    salespeople(3)
    local role = call("access.role.list", {filter = {{"name", "=", "crm.sales"}}}).rows[1]
      or call("access.role.create", {values = {name = "crm.sales", grants = "crm.lead:*"}})
    local seller = call("access.user.create", {values = {name = "seller", roles = {role.id}}}).id
    use "greet_lead"
    for _ = 1, 3 do
      local id = call("crm.lead.create", {values = {title = "Bicycles", source = "web"}}).id
      expect(call("crm.lead.get", {id = id}).owner, seller)
    end
  end)
  it("leaves other leads alone", function()
    use "greet_lead"
    call("crm.lead.create", {values = {title = "Bicycles", source = "fair"}})
    expect(call("base.task.count", {}), 0)
  end)
end)

describe("remind_call", function()
  it("reminds once, an hour after the time, unless the call was made", function()
    use "remind_call"
    local lead = call("crm.lead.create", {values = {title = "Bicycles"}}).id
    local late = call("crm.activity.create",
      {values = {kind = "call", subject = "Ask", lead = lead, planned_at = "2026-11-23T12:00:00Z"}}).id
    local made = call("crm.activity.create",
      {values = {kind = "call", subject = "Offer", lead = lead, planned_at = "2026-11-23T12:00:00Z"}}).id
    settle()
    call("crm.activity.finish", {id = made})
    advance "3 hours"
    advance "1 day"
    local tasks = call("base.task.list", {}).rows
    expect(#tasks, 1)
    expect(tasks[1].title, "Not called yet: Ask")
  end)
end)

describe("escalate_task", function()
  it("tells the head of the owner's team", function()
    use "escalate_task"
    local head = call("access.user.create", {values = {name = "head"}}).id
    local team = call("access.team.create", {values = {name = "north", head = head}}).id
    local owner = call("access.user.create", {values = {name = "owner", teams = {team}}}).id
    call("base.task.create", {values = {title = "Count", owner = owner, due = "2026-11-24T12:00:00Z"}})
    settle()
    advance "4 days"
    local tasks = call("base.task.list", {filter = {{"owner", "=", head}}}).rows
    expect(tasks, {{title = "Overdue: Count"}})
  end)
end)

describe("silent_deal", function()
  it("finds deals that nobody touched for a week", function()
    pipeline()
    call("crm.deal.create", {values = {title = "Fleet"}})
    use "silent_deal"
    settle()
    advance "6 days"
    expect(call("base.task.count", {}), 0)
    for _ = 1, 4 do advance "1 day" end
    expect(call("base.task.list", {}).rows, {{title = "Silent for a week: Fleet"}})
    expect(call("base.task.count", {}), 1)
  end)
end)

describe("won_deal", function()
  it("thanks the customer after the commit", function()
    local stages = pipeline()
    use "won_deal"
    local party = call("base.party.create", {values = {kind = "organisation", name = "Rower Plus",
      contacts = {{kind = "email", value = "office@example.com"}}}}).id
    local deal = call("crm.deal.create", {values = {title = "Fleet", party = party}}).id
    call("crm.deal.update", {id = deal, values = {stage = stages.Won}})
    expect(call("outbox.effect.count", {}), 0)
    settle()
    expect(call("outbox.effect.list", {}).rows, {{kind = "mail", params = {to = "office@example.com"}}})
    expect(call("base.task.list", {}).rows, {{title = "Prepare the order: Fleet"}})
  end)
end)

describe("web_lead", function()
  it("makes a lead of what the form sent, and greet_lead goes on", function()
    use "web_lead"
    use "greet_lead"
    call("rule.webhook", {name = "lead", payload = {name = "Jan", email = "jan@example.com"}})
    settle()
    expect(call("crm.lead.list", {}).rows, {{name = "Jan", source = "web"}})
    expect(call("base.task.count", {}), 1)
    expect(refusal("rule.webhook", {name = "nobody"}), "not_found")
  end)
  it("keeps what brought them, through the conversion", function()
    use "web_lead"
    call("crm.pipeline.create", {values = {name = "Sales", initial = true, stages = {
      {name = "New"}, {name = "Won", semantic = "won"}, {name = "Lost", semantic = "lost"}}}})
    call("rule.webhook", {name = "lead", payload = {name = "Ewa", company = "Rowerownia", utm_source = "search", utm_medium = "cpc",
      utm_campaign = "spring"}})
    settle()
    local lead = call("crm.lead.list", {}).rows[1]
    expect(call("crm.lead.get", {id = lead.id}), {company_name = "Rowerownia", utm_source = "search", campaign = "spring"})
    call("crm.lead.convert", {id = lead.id, create_party = true, create_deal = true})
    local deal = call("crm.deal.list", {}).rows[1]
    expect(call("crm.deal.get", {id = deal.id}), {source = "web", campaign = "spring", utm_medium = "cpc"})
  end)
end)

describe("the rules together", function()
  it("have an order, and no circle", function()
    for _, name in ipairs {"greet_lead", "remind_call", "escalate_task", "silent_deal", "won_deal", "web_lead"} do
      use(name)
    end
    local graph = call("rule.graph", {})
    expect(#graph.rules, 6)
    expect(#graph.cycles, 0)
    for _, r in ipairs(graph.rules) do
      if r.name == "web_lead" then expect(r.sets_off, {"greet_lead"}) end
    end
    expect(call("rule.graph", {format = "dot"}).dot:find('"web_lead" -> "greet_lead"', 1, true) ~= nil, true)
  end)
end)
