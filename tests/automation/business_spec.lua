-- Rules that ship and speak of offers, orders, invoices, stock, leave and exports, each as a story.
local PASSWORD = "Correct-Horse-9-Battery"

local function user(name, values)
  values = values or {}
  values.name = name
  values.roles = values.roles or {call("access.role.list", {filter = {{"name", "=", "admin"}}}).rows[1].id}
  local id = call("access.user.create", {values = values}).id
  call("access.password", {user = name, new = PASSWORD, old = "admin"})
  return id
end

local function company()
  local here = {}
  here.pl = call("base.country.create", {values = {code = "PL", name = "Poland", eu = true}}).id
  here.PLN = call("base.currency.create", {values = {code = "PLN"}}).id
  call("base.company.create", {values = {name = "Wicher", country = here.pl, currency = here.PLN}})
  call("base.tax.preset", {country = "PL"})
  here.piece = call("base.unit.create", {values = {code = "szt", category = "count"}}).id
  here.nowak = call("base.party.create", {values = {name = "Nowak", language = "pl", tax_id = "5260250274",
    contacts = {{kind = "email", value = "nowak@example.com"}}}}).id
  here.bike = call("base.item.create", {values = {code = "B1", name = "Bike", unit = here.piece, price = "100",
    currency = here.PLN}}).id
  return here
end

local function tasks(owner)
  return call("base.task.list", {filter = {{"owner", "=", owner}, {"state", "in", {"todo", "in_progress"}}}}).rows
end

local function mails()
  return call("outbox.effect.list", {filter = {{"kind", "=", "mail"}}, sort = "id"}).rows
end

describe("discount_approval", function()
  local function offer()
    local here = company()
    here.head = user("head")
    here.team = call("access.team.create", {values = {name = "north", head = here.head}}).id
    here.seller = user("seller", {teams = {here.team}})
    use "discount_approval"
    as("seller", PASSWORD)
    here.offer = function(percent)
      return call("crm.quotation.create", {values = {party = here.nowak,
        lines = {{item = here.bike, quantity = "1", price = "100", discount_percent = percent}}}}).id
    end
    return here
  end
  it("lets a small discount go", function()
    local here = offer()
    call("crm.quotation.send", {id = here.offer("15")})
    expect(call("base.approval.count", {}), 0)
  end)
  it("asks the head, who agrees, and the seller may send it", function()
    local here = offer()
    local id = here.offer("20")
    expect(refusal("crm.quotation.send", {id = id}), "rule")
    local asked = call("base.approval.list", {}).rows
    expect(asked, {{state = "pending", approvers = {here.head}, author = here.seller}})
    expect(#tasks(here.head), 1)
    local kind, said = refusal("base.approval.approve", {id = asked[1].id})
    expect(kind, "rule")
    expect(said, "whoever asks does not decide")
    as("head", PASSWORD)
    call("base.approval.approve", {id = asked[1].id, remark = "a good customer"})
    expect(#tasks(here.head), 0)
    settle()
    expect(tasks(here.seller)[1].title:find("Discount approved", 1, true), 1)
    as("seller", PASSWORD)
    call("crm.quotation.send", {id = id})
  end)
  it("asks again for another discount", function()
    local here = offer()
    local id = here.offer("20")
    as("head", PASSWORD)
    call("base.approval.approve", {id = call("base.approval.list", {}).rows[1].id})
    as("seller", PASSWORD)
    call("crm.quotation.update", {id = id, values = {
      lines = {{item = here.bike, quantity = "1", price = "100", discount_percent = "30"}}}})
    expect(refusal("crm.quotation.send", {id = id}), "rule")
    expect(call("base.approval.count", {}), 2)
  end)
  it("tells the seller of a no", function()
    local here = offer()
    here.offer("40")
    as("head", PASSWORD)
    call("base.approval.reject", {id = call("base.approval.list", {}).rows[1].id})
    settle()
    expect(tasks(here.seller)[1].title:find("Discount not approved", 1, true), 1)
  end)
end)

describe("approvals", function()
  local function asked(values)
    local here = {a = user("a"), b = user("b"), c = user("c"), d = user("d")}
    values = values(here)
    values.title = "Fair in Kielce"
    here.id = call("base.approval.create", {values = values}).id
    here.state = function() return call("base.approval.get", {id = here.id}).state end
    return here
  end
  it("need as many as they say, each once", function()
    local here = asked(function(h) return {approvers = {h.a, h.b, h.c}, needed = 2} end)
    as("a", PASSWORD)
    call("base.approval.approve", {id = here.id})
    expect(here.state(), "pending")
    expect(refusal("base.approval.approve", {id = here.id}), "rule")
    as("d", PASSWORD)
    expect(refusal("base.approval.approve", {id = here.id}), "rule")
    as("c", PASSWORD)
    call("base.approval.approve", {id = here.id})
    expect(here.state(), "approved")
    expect(#tasks(here.b), 0)
    expect(refusal("base.approval.reject", {id = here.id}), "state")
  end)
  it("end with one no", function()
    local here = asked(function(h) return {approvers = {h.a, h.b}, needed = 2} end)
    as("b", PASSWORD)
    call("base.approval.reject", {id = here.id})
    expect(here.state(), "rejected")
  end)
  it("need somebody who may decide", function()
    local a = user("a")
    as("a", PASSWORD)
    expect(refusal("base.approval.create", {values = {title = "Mine", approvers = {a}}}), "validation")
  end)
  it("go to the substitute when the time is over, then lapse", function()
    local here = asked(function(h) return {approvers = {h.a}, due = "2026-11-25T12:00:00Z", substitute = h.b} end)
    upkeep "base"
    settle()
    for _ = 1, 3 do advance "1 day" end
    expect(here.state(), "pending")
    expect(#tasks(here.b), 1)
    as("b", PASSWORD)
    call("base.approval.approve", {id = here.id})
    expect(here.state(), "approved")
  end)
  it("lapse when nobody decides", function()
    local here = asked(function(h) return {approvers = {h.a}, due = "2026-11-25T12:00:00Z"} end)
    upkeep "base"
    settle()
    for _ = 1, 3 do advance "1 day" end
    expect(here.state(), "lapsed")
    expect(#tasks(here.a), 0)
  end)
end)

describe("order_status", function()
  it("writes to the customer in their language", function()
    local here = company()
    use "order_status"
    local order = call("crm.order.create", {values = {party = here.nowak,
      lines = {{item = here.bike, quantity = "1", price = "100"}}}})
    call("crm.order.confirm", {id = order.id})
    settle()
    call("crm.order.hold", {id = order.id, reason = "a part is missing"})
    settle()
    local sent = mails()
    expect(#sent, 2)
    expect(sent[1].params, {to = "nowak@example.com", subject = "Zamówienie " .. order.number .. " jest potwierdzone"})
    expect(sent[2].params.subject:find("wstrzymane", 1, true) ~= nil, true)
  end)
  it("says nothing of a draft that is thrown away", function()
    local here = company()
    use "order_status"
    local order = call("crm.order.create", {values = {party = here.nowak,
      lines = {{item = here.bike, quantity = "1", price = "100"}}}}).id
    call("crm.order.cancel", {id = order, reason = "a mistake"})
    settle()
    expect(#mails(), 0)
  end)
end)

describe("overdue_ladder", function()
  local function invoiced()
    local here = company()
    call("finance.setup", {chart = "polish", year = "2026-01-01"})
    call("finance.setup", {chart = "polish", year = "2027-01-01"})
    use "overdue_ladder"
    here.order = call("crm.order.create", {values = {party = here.nowak,
      lines = {{item = here.bike, quantity = "1", price = "100"}}}}).id
    call("crm.order.confirm", {id = here.order})
    local terms = call("finance.terms.create", {values = {code = "7D", name = "7 days",
      parts = {{percent = "100", days = 7}}}}).id
    here.invoice = call("finance.invoice.create", {values = {party = here.nowak, terms = terms,
      lines = {{item = here.bike, quantity = "1", price = "100"}}}}).id
    call("finance.invoice.post", {id = here.invoice})
    settle()
    return here
  end
  it("reminds, charges and stops deliveries", function()
    local here = invoiced()
    for _ = 1, 9 do advance "1 day" end
    expect(#mails(), 0)
    for _ = 1, 3 do advance "1 day" end
    expect(#mails(), 1)
    for _ = 1, 7 do advance "1 day" end
    expect(#mails(), 2)
    expect(call("base.task.count", {filter = {{"title", "starts_with", "Charge the late fee"}}}), 1)
    for _ = 1, 10 do advance "1 day" end
    expect(call("crm.order.get", {id = here.order}).state, "on_hold")
    expect(#mails(), 2)
  end)
  it("reckons the fee by the rate that is set, in the customer's language", function()
    call("automation.setting.create", {values = {name = "late_interest", value = "11.25"}})
    local here = invoiced()
    call("base.party.update", {id = here.nowak, values = {language = "pl"}})
    for _ = 1, 20 do advance "1 day" end
    local due = call("finance.open_item.list", {}).rows[1].due
    local said = due:sub(9, 10) .. "." .. due:sub(6, 7) .. "." .. due:sub(1, 4)
    expect(mails()[1].params.text, "Termin płatności kwoty 123,00 PLN minął " .. said .. ".")
    expect(mails()[2].params.text, "Termin płatności kwoty 123,00 PLN minął " .. said .. ". Naliczamy odsetki ustawowe za opóźnienie: 0,38 PLN.")
    expect(call("base.task.list", {filter = {{"title", "starts_with", "Charge the late fee"}}}).rows[1].title:sub(-10), ", 0.38 PLN")
  end)
  it("ends with the payment", function()
    local here = invoiced()
    for _ = 1, 12 do advance "1 day" end
    expect(#mails(), 1)
    local payment = call("finance.payment.create", {values = {party = here.nowak, amount = "123.00",
      allocations = {{item = call("finance.open_item.list", {}).rows[1].id}}}}).id
    call("finance.payment.post", {id = payment})
    for _ = 1, 20 do advance "1 day" end
    expect(call("finance.open_item.count", {filter = {{"open", ">", "0"}}}), 0)
    expect(#mails(), 1)
    expect(call("crm.order.get", {id = here.order}).state, "confirmed")
  end)
end)

describe("leave_cover", function()
  it("tells the substitute", function()
    use "leave_cover"
    call("base.company.create", {values = {name = "Wicher"}})
    local ewa, jan = user("ewa"), user("jan")
    local file = call("hr.employee.create", {values = {name = "Ewa Lis", hired = "2020-01-01", owner = ewa}}).id
    call("hr.term.create", {values = {employee = file, valid_from = "2020-01-01"}})
    local kind = call("hr.leave_type.create", {values = {name = "Unpaid", code = "UNPAID", unlimited = true}}).id
    local leave = call("hr.leave.create", {values = {employee = file, type = kind, from = "2026-12-01",
      ["until"] = "2026-12-04", substitute = jan}}).id
    call("hr.leave.submit", {id = leave})
    call("hr.leave.approve", {id = leave})
    expect(tasks(jan)[1].title, "You stand in for Ewa Lis from 2026-12-01 to 2026-12-04")
  end)
end)

describe("won_deal", function()
  it("makes a draft order of the deal's lines, once", function()
    local here = company()
    use "won_deal"
    local pipeline = call("crm.pipeline.create", {values = {name = "Sales", initial = true, stages = {
      {name = "New"}, {name = "Won", semantic = "won"}, {name = "Lost", semantic = "lost"}}}}).id
    local stages = call("crm.pipeline.get", {id = pipeline}).stages
    local deal = call("crm.deal.create", {values = {title = "Fleet", party = here.nowak,
      lines = {{item = here.bike, quantity = "4", price = "90", discount_percent = "10"}}}}).id
    for _, stage in ipairs {2, 1, 2} do
      call("crm.deal.update", {id = deal, values = {stage = stages[stage].id}})
      settle()
    end
    local orders = call("crm.order.list", {}).rows
    expect(#orders, 1)
    expect(call("crm.order.get", {id = orders[1].id}), {state = "draft", deal = deal, party = here.nowak, net = "324.00"})
    expect(call("base.task.list", {sort = "id"}).rows, {{title = "Check and confirm the order " .. orders[1].number}, {title = "Prepare the order: Fleet"}})
  end)
end)

describe("export_twice", function()
  it("tells the head once", function()
    local head = user("head")
    local team = call("access.team.create", {values = {name = "north", head = head}}).id
    user("seller", {teams = {team}})
    call("base.party.create", {values = {name = "Nowak"}})
    use "export_twice"
    as("seller", PASSWORD)
    call("export.read", {entity = "base.party"})
    settle()
    advance "20 minutes"
    expect(#tasks(head), 0)
    as("seller", PASSWORD)
    call("export.read", {entity = "base.party"})
    advance "20 minutes"
    advance "20 minutes"
    expect(#tasks(head), 1)
    expect(tasks(head)[1].title, "Customers exported 2 times today by seller")
  end)
end)

describe("low_stock", function()
  it("asks for what an order leaves short, once", function()
    local here = company()
    use "low_stock"
    call("logistics.reorder_rule.create", {values = {item = here.bike, minimum = "5", maximum = "20"}})
    local slip = call("logistics.transfer.create", {values = {kind = "entry",
      lines = {{item = here.bike, quantity = "8", unit_cost = "50"}}}}).id
    call("logistics.transfer.post", {id = slip})
    settle()
    expect(call("logistics.purchase_request.count", {}), 0)
    local order = call("crm.order.create", {values = {party = here.nowak,
      lines = {{item = here.bike, quantity = "6", price = "100"}}}}).id
    call("crm.order.confirm", {id = order})
    settle()
    expect(call("logistics.purchase_request.list", {}).rows, {{item = here.bike, state = "open"}})
    expect(call("logistics.purchase_request.count", {}), 1)
  end)
end)

describe("an event that a module announces", function()
  it("tells the rule what it is about", function()
    local here = company()
    local id = call("automation.rule.create", {values = {name = "dear", text = [[rule { on = "logistics.valued",
      rights = "base.task:create; access.user:read",
      run = function(_, _, told) if dec(told.value) > dec "300" then task {title = told.from .. " " .. told.value} end end }]]}}).id
    call("automation.rule.enable", {id = id})
    local slip = call("logistics.transfer.create", {values = {kind = "entry", lines = {
      {item = here.bike, quantity = "8", unit_cost = "50"}, {item = here.bike, quantity = "2", unit_cost = "50"}}}}).id
    call("logistics.transfer.post", {id = slip})
    expect(call("base.task.list", {}).rows, {{title = "production 400.00"}})
    expect(call("base.task.count", {}), 1)
  end)
end)

describe("morning_list", function()
  it("writes to whoever has something to do", function()
    use "morning_list"
    local ewa = call("access.user.create", {values = {name = "ewa", email = "ewa@example.com"}}).id
    call("access.user.create", {values = {name = "jan", email = "jan@example.com"}})
    call("base.task.create", {values = {title = "Count the bikes", owner = ewa, due = "2026-11-24T12:00:00Z"}})
    call("crm.activity.create", {values = {kind = "call", subject = "Ask Nowak", owner = ewa, planned_at = "2026-11-24T10:00:00Z"}})
    settle()
    advance "1 day"
    local sent = mails()
    expect(#sent, 1)
    expect(sent[1].params, {to = "ewa@example.com", subject = "Today: 1 tasks, 1 calls and meetings"})
    expect(sent[1].params.text:find("Count the bikes", 1, true) ~= nil, true)
  end)
end)

describe("incoming_mail", function()
  it("stands on the customer's card, once", function()
    use "incoming_mail"
    local nowak = call("base.party.create", {values = {name = "Nowak", contacts = {{kind = "email", value = "nowak@example.com"}}}}).id
    local mail = {from = "nowak@example.com", name = "Nowak", subject = "Bikes?", text = "How many?", message_id = "1@x", automatic = false}
    for _ = 1, 2 do
      call("rule.webhook", {name = "mail", payload = mail})
      settle()
    end
    expect(call("crm.activity.list", {}).rows, {{kind = "mail", direction = "in", subject = "Bikes?", party = nowak, state = "done"}})
    expect(call("crm.activity.count", {}), 1)
  end)
  it("makes a lead of a stranger's, and nothing of an automatic answer", function()
    use "incoming_mail"
    call("rule.webhook", {name = "mail", payload = {from = "a@b.example", name = "", subject = "", text = "hi", message_id = "2@x", automatic = false}})
    call("rule.webhook", {name = "mail", payload = {from = "c@b.example", name = "", subject = "Away", text = "", message_id = "3@x", automatic = true}})
    settle()
    expect(call("crm.lead.list", {}).rows, {{title = "(no subject)", name = "a@b.example", email = "a@b.example", source = "mail"}})
    expect(call("crm.lead.count", {}), 1)
  end)
end)
