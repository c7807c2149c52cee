-- The stores and purchasing, as a storekeeper and a purchaser would tell it: what is where, for whom, what comes, and what it is worth.
include "company"

-- What lies there, what of it is for somebody, and what comes and goes.
local function level(item)
  local of = stock(item)
  return {of.on_hand, of.reserved, of.incoming, of.outgoing}
end

local function worth(item)
  local found = rows("logistics.valuation", {item = item})
  return found[1] and found[1].value or "0"
end

describe("the stores", function()
  it("everything is a move from one place to another, and stock is the sum of moves", function()
    -- Given ten bolts that come in, four that a customer gets, three that were used up and two that were lost.
    local us = company()
    local bolt = goods(us, "BOLT")
    put(bolt, "10", "2")
    ship(sell(us, {{item = bolt, quantity = "4"}}))
    local function issue(quantity, against)
      act("logistics.transfer", new("logistics.transfer", {kind = "issue", against = against, lines = {{item = bolt, quantity = quantity}}}), "post")
    end
    issue("3", "production")
    issue("1", "loss")
    -- Then each is a move, and 10 - 4 - 3 - 1 = 2 are left, at 2 each.
    local moves = rows("logistics.move", {item = bolt, state = "done"})
    expect(moves, {
      {from_place = "production", to_place = "stores", quantity = 10, value = 20},
      {from_place = "stores", to_place = "customer", quantity = 4, value = 8},
      {from_place = "stores", to_place = "production", quantity = 3, value = 6},
      {from_place = "stores", to_place = "loss", quantity = 1, value = 2}})
    expect({stock(bolt).on_hand, worth(bolt)}, {2, 4})
    -- Nobody writes stock by hand, and nobody takes what is not there.
    expect(refusal("logistics.move.create", {values = {item = bolt, quantity = "1"}}) ~= nil, true)
    local slip = new("logistics.transfer", {kind = "issue", lines = {{item = bolt, quantity = "3"}}})
    refused("rule", "logistics.transfer.post", {id = slip})
    expect(stock(bolt).on_hand, 2)
  end)

  it("what is on hand, reserved, expected, going out and can still be promised; and nobody reserves what is not there", function()
    -- Given ten bolts in the depot, and 20 that are ordered for 10 December.
    local us = company()
    local bolt = goods(us, "BOLT")
    put(bolt, "10", "2")
    buy(us, {{item = bolt, quantity = "20", price = "2"}}, {asked = "2026-12-10"})
    -- When seven are sold, and then five.
    local first = sell(us, {{item = bolt, quantity = "7"}})
    local second = sell(us, {{item = bolt, quantity = "5"}})
    -- Then all ten are reserved, 12 go out; the second order has three of them and two of what comes, and is promised for that day.
    expect(level(bolt), {10, 10, 20, 12})
    expect(get("crm.order", first), {promised = "2026-11-23"})
    expect(get("crm.order", second), {promised = "2026-12-10"})
    -- All of it is somebody's. But for today 10 - 7 = 3 can be promised, as the second order needs its three on the 10th only, when
    -- 20 come; from then on 30 - 12 = 18.
    expect(call("logistics.availability", {item = bolt, day = "2026-11-23"}), {available = 0, promised = 3})
    expect(call("logistics.availability", {item = bolt, day = "2026-12-10"}), {available = 0, promised = 18})
    -- A delivery that somebody writes for one more waits.
    local slip = new("logistics.delivery", {party = us.nowak, lines = {{item = bolt, quantity = "1"}}})
    act("logistics.delivery", slip, "confirm")
    expect(get("logistics.delivery", slip), {state = "waiting", missing = 1})
    expect(stock(bolt).reserved, 10)
  end)

  it("of what is shipped in part the rest is delivered later, waits for all of it, or is given up", function()
    -- Given three customers who order ten of what six are there of, each under another policy.
    local us = company()
    local function sold(policy)
      put(goods(us, policy), "6", "2")
      return sell(us, {{item = us[policy], quantity = "10"}}, {delivery_policy = policy})
    end
    -- As available: six go, and a delivery of the other four waits until they come.
    local parts = sold "as_available"
    ship(parts)
    expect(get("crm.order", parts), {delivery_status = "partial", lines = {{delivered = 6}}})
    expect(delivery(parts), {state = "waiting", missing = 4, lines = {{quantity = 4}}})
    put(us.as_available, "4", "2")
    ship(parts)
    expect(get("crm.order", parts), {delivery_status = "full", lines = {{delivered = 10}}})
    -- All at once: nothing goes before all is there.
    local whole = sold "all_at_once"
    refused("rule", "logistics.delivery.ship", {id = delivery(whole).id})
    put(us.all_at_once, "4", "2")
    ship(whole)
    expect(get("crm.order", whole), {delivery_status = "full", lines = {{delivered = 10}}})
    -- The rest is cancelled: six go, four are given up, and nobody owes them any more.
    local rest = sold "cancel_rest"
    ship(rest)
    expect(get("crm.order", rest), {delivery_status = "full", lines = {{delivered = 6, given_up = 4}}})
    expect(pcall(delivery, rest), false)
  end)

  it("a little more than ordered may come and go, as the goods allow, and no more", function()
    -- Given wire of which 10 % more is borne, and pumps of which nothing is.
    local us = company()
    local wire, pump = goods(us, "WIRE", {over_percent = "10"}), goods(us, "PUMP")
    for item, most in pairs {[wire] = "110", [pump] = "100"} do
      -- When 100 are bought, then so many come in and not one more.
      local order = buy(us, {{item = item, quantity = "100", price = "1"}})
      local line = get("logistics.purchase_order", order).lines[1].id
      local too_many = new("logistics.receipt", {order = order, lines = {{order_line = line, quantity = tostring(dec(most) + 1)}}})
      refused("rule", "logistics.receipt.finish", {id = too_many})
      receive(order, most)
      expect(stock(item).on_hand, dec(most))
    end
    -- When ten are sold, then eleven of the wire may go, not twelve; of the pumps ten.
    for item, most in pairs {[wire] = "11", [pump] = "10"} do
      local order = sell(us, {{item = item, quantity = "10"}})
      local slip = delivery(order)
      refused("rule", "logistics.delivery.ship", {id = slip.id, lines = {{line = slip.lines[1].id, quantity = tostring(dec(most) + 1)}}})
      ship(order, most)
      expect(get("crm.order", order).lines, {{delivered = dec(most)}})
    end
  end)

  it("a customer's return comes back at what it cost, and a credit note is offered", function()
    -- Given three lamps at 50, of which two are sold at 100 net and billed; then a dearer one comes in at 80.
    local us = company()
    local lamp = goods(us, "LAMP")
    put(lamp, "3", "50")
    local order = sell(us, {{item = lamp, quantity = "2"}})
    local slip = ship(order)
    local bill = call("finance.invoice.from_order", {order = {entity = "crm.order", id = order}}).id
    act("finance.invoice", bill, "post")
    put(lamp, "1", "80")
    expect({stock(lamp).on_hand, worth(lamp)}, {2, 130})
    -- When one comes back, then at the 50 that it cost, whatever a lamp costs by now.
    act("logistics.delivery", slip, "return", {lines = {{line = get("logistics.delivery", slip).lines[1].id, quantity = "1"}}, reason = "scratched"})
    expect({stock(lamp).on_hand, worth(lamp)}, {3, 180})
    expect(get("crm.order", order).lines, {{delivered = 1}})
    -- The invoice is listed to be credited, by one; the note takes 100 and 23 of tax off.
    local wanted = call("finance.to_credit", {}).rows
    expect(#wanted, 1)
    expect(wanted[1].lines, {{quantity = 1}})
    local note = act("finance.invoice", bill, "credit", {reason = "came back", lines = {{line = get("finance.invoice", bill).lines[1].id, quantity = "1"}}}).made
    act("finance.invoice", note, "post")
    expect(get("finance.invoice", note), {net = 100, tax = 23, gross = 123})
    expect(get("finance.invoice", bill), {gross = 246, open = 123})
    expect(#call("finance.to_credit", {}).rows, 0)
    proved()
  end)

  it("what goes back to the supplier goes at what it came at, and is owed less", function()
    -- Given ten axles at 4 and ten at 6: on average 5.
    local us = company()
    local axle = goods(us, "AXLE")
    local first = buy(us, {{item = axle, quantity = "10", price = "4"}})
    receive(first)
    receive(buy(us, {{item = axle, quantity = "10", price = "6"}}))
    expect(worth(axle), 100)
    -- When three bent ones of the first ten go back, then the supplier is owed 12 less, and three are still to come.
    local back = new("logistics.receipt", {order = first, kind = "return",
      lines = {{order_line = get("logistics.purchase_order", first).lines[1].id, quantity = "3", note = "bent"}}})
    act("logistics.receipt", back, "finish")
    expect(get("logistics.receipt", back).lines, {{value = 12}})
    expect(level(axle), {17, 0, 3, 0})
    expect(balances(), {["300"] = -88}) -- 40 + 60 received and not billed, less 12
    proved()
  end)

  it("of lots the one that expires first goes first, a blocked one not at all", function()
    -- Given three lots of milk of five each, good until the 10th, the 5th and the 20th of December.
    local us = company()
    local milk = goods(us, "MILK", {tracking = "lot"})
    for name, day in pairs {A = "2026-12-10", B = "2026-12-05", C = "2026-12-20"} do put(milk, "5", "2", {new_lot = name, expires = day}) end
    local lot = {}
    for _, row in ipairs(rows("logistics.lot", {item = milk})) do lot[row.name] = row.id end
    local function held(order)
      local of = {}
      for _, row in ipairs(rows("logistics.reservation", {document = {entity = "crm.order", id = order}})) do
        of[get("logistics.lot", row.lot).name] = row.quantity
      end
      return of
    end
    -- When eight are sold, then they are the five of B and three of A.
    local order = sell(us, {{item = milk, quantity = "8"}})
    expect(held(order), {B = 5, A = 3})
    -- B turns out to be sour: A and C have to do.
    act("logistics.lot", lot.B, "block", {reason = "sour"})
    expect(held(order), {A = 5, C = 3})
    expect(held(order).B, nil)
    expect({stock(milk).on_hand, stock(milk).available}, {15, 2})
    -- A serial number is one piece.
    local bike = goods(us, "BIKE", {tracking = "serial"})
    put(bike, "1", "900", {new_lot = "SN-1"})
    local twice = new("logistics.transfer", {kind = "entry", lines = {{item = bike, quantity = "1", unit_cost = "900", new_lot = "SN-1"}}})
    refused("rule", "logistics.transfer.post", {id = twice})
  end)

  it("goods are worth what they cost, first in first out or on average; freight goes after them; and the books say the same", function()
    -- Given ten at 10 and then ten at 16 of two goods: one first in first out, one on average, 260 : 20 = 13.
    local us = company()
    local receipt = {}
    for _, method in ipairs {"fifo", "average"} do
      goods(us, method, {valuation = method})
      receive(buy(us, {{item = us[method], quantity = "10", price = "10"}}))
      receipt[method] = receive(buy(us, {{item = us[method], quantity = "10", price = "16"}}))
      expect(worth(us[method]), 260)
      -- When twelve are sold.
      ship(sell(us, {{item = us[method], quantity = "12"}}))
    end
    -- Then first in first out 10 x 10 + 2 x 16 = 132 have gone, and 8 x 16 are left; on average 12 x 13 = 156, and 8 x 13 are left.
    expect({worth(us.fifo), worth(us.average)}, {128, 104})
    expect(balances(), {["310"] = 232})
    proved()
    -- When 20 of freight come for the second ten of each, then what of them has left costs more, and so does what is there.
    for _, slip in pairs(receipt) do
      call("logistics.landed", {amount = "20", document = {entity = "logistics.receipt", id = slip}, reason = "freight"})
    end
    expect({worth(us.fifo), worth(us.average)}, {144, 120})
    expect(balances(), {["310"] = 264})
    proved()
  end)
end)

describe("purchasing", function()
  it("what falls below its minimum is filled up, once, as the supplier sells it", function()
    -- Given bolts that Stalmet sells by tens, and a rule: not below 20, up to 50.
    local us = company()
    local bolt = goods(us, "BOLT", {bought = true})
    new("logistics.supplier_price", {item = bolt, party = us.stalmet, price = "2", currency = us.PLN, multiple = "10", lead_days = 5})
    new("logistics.reorder_rule", {item = bolt, kind = "min_max", minimum = "20", maximum = "50"})
    put(bolt, "30", "2")
    -- When 30 are there, nothing is asked for; when 15 of them are sold, 50 - 15 = 35 are, which are 40.
    expect(#call("logistics.reorder.run", {}).requests, 0)
    sell(us, {{item = bolt, quantity = "15"}})
    expect(call("logistics.reorder.run", {}).requests, {{item = bolt, free = 15, quantity = 40, party = us.stalmet}})
    -- And not again, for these come.
    expect(#call("logistics.reorder.run", {}).requests, 0)
    expect(only("logistics.purchase_request", {item = bolt}), {quantity = 40, cost = 80, day = "2026-11-28"})
  end)

  it("a shop gets from the depot what it misses, and the rest is bought", function()
    -- Given one lamp in the shop and three in the depot, two days away; Stalmet sells more within five.
    local us = company()
    local shop = new("logistics.warehouse", {code = "SHOP", name = "Shop"})
    local lamp = goods(us, "LAMP", {bought = true})
    new("logistics.supplier_price", {item = lamp, party = us.stalmet, price = "40", currency = us.PLN, lead_days = 5})
    new("logistics.reorder_rule", {item = lamp, kind = "resupply", warehouse = shop, source = us.depot, minimum = "0", maximum = "1", lead_days = 2})
    put(lamp, "3", "40")
    act("logistics.transfer", new("logistics.transfer", {kind = "entry", warehouse = shop, lines = {{item = lamp, quantity = "1", unit_cost = "40"}}}), "post")
    -- When five are sold in the shop.
    local order = new("crm.order", {party = us.nowak, warehouse = shop, lines = {{item = lamp, quantity = "5"}}})
    local plan = act("crm.order", order, "confirm")
    -- Then the one is reserved, the three are sent over, and one is bought.
    expect(plan.parts, {{kind = "stock", quantity = 1, day = "2026-11-23"}, {kind = "transfer", quantity = 3, day = "2026-11-25"},
      {kind = "buy", quantity = 1, day = "2026-11-28"}})
    local slip = only("logistics.transfer", {kind = "transfer"})
    expect(slip, {state = "draft", warehouse = us.depot, to_warehouse = shop, asked = true, lines = {{item = lamp, quantity = 3}}})
    act("logistics.transfer", slip.id, "send")
    act("logistics.transfer", slip.id, "receive")
    expect(call("logistics.availability", {item = lamp, warehouse = shop}), {on_hand = 4, reserved = 4})
  end)

  it("what the supplier ships straight to the customer never passes the stores", function()
    -- Given two bicycles that are sold at 2000, and bought from Stalmet at 900 for that customer.
    local us = company()
    local bike = goods(us, "BIKE", {price = "2000", bought = true})
    new("logistics.supplier_price", {item = bike, party = us.stalmet, price = "900", currency = us.PLN, lead_days = 5})
    local order = sell(us, {{item = bike, quantity = "2"}})
    local bought = call("logistics.purchase.order", {}).orders[1].order
    call("logistics.purchase_order.update", {id = bought, values = {ship_to = us.nowak}})
    act("logistics.purchase_order", bought, "approve")
    -- When the supplier reports that they went, then the customer has them, and the depot never had.
    receive(bought)
    expect(get("crm.order", order), {delivery_status = "full", lines = {{delivered = 2}}})
    expect(level(bike), {0, 0, 0, 0})
    -- He owes 4000 and tax for what cost 1800.
    act("finance.invoice", call("finance.invoice.from_order", {order = {entity = "crm.order", id = order}}).id, "post")
    expect(call("finance.margin", {by = "order"}).rows, {{income = 4000, cost = 1800, margin = 2200, percent = 55}})
    proved()
  end)

  it("from the request by an inquiry to order, receipt and bill, which fit within a tolerance", function()
    -- Given ten cranks that somebody asks for, and a tolerance of 2 % of what is agreed.
    local us = company()
    call("finance.setting.update", {id = rows("finance.setting")[1].id, values = {price_tolerance = "2"}})
    local crank = goods(us, "CRANK", {bought = true})
    local request = new("logistics.purchase_request", {item = crank, quantity = "10", needed = "2026-12-15"})
    -- When Stalmet offers them at 9 and 30 for freight, 120 in all, and Rad at 11, 110 in all.
    local inquiry = new("logistics.rfq", {title = "Cranks", suppliers = {us.stalmet, us.rad}, lines = {{request = request}}})
    act("logistics.rfq", inquiry, "send")
    local line = get("logistics.rfq", inquiry).lines[1].id
    new("logistics.rfq_answer", {rfq = inquiry, party = us.stalmet, charges = "30", lead_days = 4, lines = {{line = line, price = "9"}}})
    new("logistics.rfq_answer", {rfq = inquiry, party = us.rad, lead_days = 7, lines = {{line = line, price = "11"}}})
    expect(call("logistics.rfq.compare", {rfq = inquiry}).rows,
      {{rank = 1, supplier = "Rad", landed = 11, total = 110}, {rank = 2, supplier = "Stalmet", landed = 12, total = 120}})
    -- Then Rad gets the order, which is received, eight of it.
    act("logistics.rfq", inquiry, "award")
    local order = only("logistics.purchase_order", {party = us.rad})
    expect(order, {net = 110, lines = {{item = crank, quantity = 10, price = 11, expected = "2026-11-30"}}})
    expect(get("logistics.purchase_request", request), {state = "ordered", order = order.id})
    act("logistics.purchase_order", order.id, "approve")
    receive(order.id, "8")
    -- A bill is for the eight, not for ten; at 11.30 it is too dear (11 + 2 % are 11.22), at 11.20 it is borne: 8 x 0.20 is the variance.
    enter("anna", "finance.accountant")
    local bill = call("finance.invoice.from_order", {order = {entity = "logistics.purchase_order", id = order.id}, reference = "R 1"}).id
    local billed = get("finance.invoice", bill).lines[1]
    expect(billed, {quantity = 8, price = 11})
    local function priced(quantity, price)
      call("finance.invoice.update", {id = bill, values = {lines = {{id = billed.id, quantity = quantity, price = price}}}})
    end
    priced("10", "11")
    refused("rule", "finance.invoice.post", {id = bill})
    priced("8", "11.30")
    refused("rule", "finance.invoice.post", {id = bill})
    priced("8", "11.20")
    act("finance.invoice", bill, "post")
    expect(get("finance.invoice", bill), {net = dec "89.60", tax = dec "20.61", gross = dec "110.21"}) -- 23 % of 89.60 are 20.608
    as("admin", "Correct-Horse-9-Battery")
    expect(get("logistics.purchase_order", order.id), {receipt_status = "partial", billing_status = "partial", lines = {{received = 8, billed = 8}}})
    expect(balances(), {["300"] = 0, ["310"] = 88, ["340"] = dec "1.60", ["201"] = dec "-110.21"})
    proved()
  end)

  it("stock is counted: nothing moves meanwhile, who counts does not see what should be there, and what differs is approved", function()
    -- Given ten pumps at 5 and four hoses at 3.
    local us = company()
    local pump, hose = goods(us, "PUMP"), goods(us, "HOSE")
    put(pump, "10", "5")
    put(hose, "4", "3")
    local count = new("logistics.count", {blind = true})
    act("logistics.count", count, "start")
    -- When it is counted, nothing moves there, and what there should be is not told.
    local slip = new("logistics.transfer", {kind = "issue", lines = {{item = pump, quantity = "1"}}})
    refused("rule", "logistics.transfer.post", {id = slip})
    for _, line in ipairs(rows("logistics.count_line", {count = count})) do expect(line.expected, nil) end
    -- Wrong rows are all told at once, and nothing is entered.
    expect(refused("validation", "logistics.count.enter", {id = count, lines = {{item = 999, quantity = "1"}, {item = pump, quantity = "-1"}}}),
      "there is no item 999")
    expect(get("logistics.count", count).counted, nil)
    -- Eight pumps are found, five hoses: -2 and +1.
    act("logistics.count", count, "enter", {finished = true, lines = {{item = pump, quantity = "8"}, {item = hose, quantity = "5"}}})
    expect(rows("logistics.count_line", {count = count}), {{item = pump, expected = 10, counted = 8, difference = -2},
      {item = hose, expected = 4, counted = 5, difference = 1}})
    expect({stock(pump).on_hand, stock(hose).on_hand}, {10, 4})
    -- Approved, it is so: -10 and 3 are -7.
    act("logistics.count", count, "approve")
    expect(get("logistics.count", count), {state = "done", differing = 2, value = -7})
    expect({stock(pump).on_hand, worth(pump), stock(hose).on_hand, worth(hose)}, {8, 40, 5, 15})
    act("logistics.transfer", slip, "post")
    expect(stock(pump).on_hand, 7)
    proved()
  end)

  it("soap is bought in boxes, kept in pieces and sold by weight", function()
    -- Given soap, twelve to a box and four to a kilogram.
    local us = company()
    local box = new("base.unit", {code = "kart", category = "count", factor = "12", rounding = "1"})
    local kg = new("base.unit", {code = "kg", category = "mass", rounding = "0.001"})
    local soap = goods(us, "SOAP", {bought = true})
    new("base.item_unit", {item = soap, unit = kg, factor = "4"})
    -- When two boxes at 36 are bought, then 24 pieces at 3 are there.
    local order = buy(us, {{item = soap, quantity = "2", unit = box, price = "36"}})
    expect(stock(soap).incoming, 24)
    receive(order)
    expect({stock(soap).on_hand, worth(soap)}, {24, 72})
    -- When 1.5 kg are sold at 20, then six pieces go, for 30.
    local sold = sell(us, {{item = soap, quantity = "1.5", unit = kg, price = "20"}})
    expect(get("crm.order", sold).net, 30)
    expect(delivery(sold).lines, {{quantity = 6, order_quantity = dec "1.5"}})
    ship(sold)
    expect({stock(soap).on_hand, worth(soap)}, {18, 54})
    expect(get("crm.order", sold), {delivery_status = "full", lines = {{delivered = dec "1.5"}}})
    -- 1.6 kg would be 6.4 pieces, and a fifth of a box 2.4: there are no such parts.
    expect(refused("validation", "crm.order.create", {values = {party = us.nowak, lines = {{item = soap, quantity = "1.6", unit = kg, price = "20"}}}}),
      'there is no part of "SOAP" like 6.4 of its unit')
    local fifth = buy(us, {{item = soap, quantity = "2", unit = box, price = "36"}})
    local line = get("logistics.purchase_order", fifth).lines[1].id
    local slip = new("logistics.receipt", {order = fifth, lines = {{order_line = line, quantity = "0.2"}}})
    refused("validation", "logistics.receipt.finish", {id = slip})
  end)

  it("each line has the day that was asked for, the one that was promised, and the one on which it came", function()
    -- Given a customer who asks for a gear by Tuesday, 1 December; Stalmet needs ten days, until Thursday the 3rd.
    local us = company()
    local gear = goods(us, "GEAR", {bought = true})
    new("logistics.supplier_price", {item = gear, party = us.stalmet, price = "40", currency = us.PLN, lead_days = 10})
    local order = sell(us, {{item = gear, quantity = "1", asked = "2026-12-01"}})
    expect(get("crm.order", order), {promised = "2026-12-03", lines = {{asked = "2026-12-01", promised = "2026-12-03"}}})
    -- When Stalmet puts it off to Tuesday the 8th, the promise moves along.
    local bought = call("logistics.purchase.order", {}).orders[1].order
    act("logistics.purchase_order", bought, "approve")
    act("logistics.purchase_order", bought, "reschedule", {expected = "2026-12-08", reason = "strike"})
    expect(get("crm.order", order).lines, {{asked = "2026-12-01", promised = "2026-12-08"}})
    -- It comes on that day, but goes on Wednesday the 9th: late.
    advance "15 days"
    receive(bought)
    advance "1 day"
    ship(order)
    expect(get("crm.order", order), {delivered_on = "2026-12-09", late = true, lines = {{promised = "2026-12-08", actual = "2026-12-09"}}})
    expect(get("logistics.purchase_order", bought).lines, {{first_expected = "2026-12-03", expected = "2026-12-08", actual = "2026-12-08"}})
  end)
end)
