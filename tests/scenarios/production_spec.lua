-- Production, as a works manager would tell it: what is made of what, when, on which machine, and what it costs.
include "company"

-- Bench and saw work on weekdays from six to two.
local function shift()
  local hours = {}
  for _, weekday in ipairs {"monday", "tuesday", "wednesday", "thursday", "friday"} do
    hours[#hours + 1] = {weekday = weekday, from = "06:00", ["until"] = "14:00"}
  end
  return new("base.calendar", {name = "One shift", hours = hours})
end

local function make(item, quantity, more)
  local values = {item = item, quantity = quantity}
  for name, value in pairs(more or {}) do values[name] = value end
  local order = new("production.order", values)
  return order, act("production.order", order, "confirm").parts
end

local function operations(order)
  local found = {}
  for _, row in ipairs(rows("production.operation", {order = order}, "sequence")) do
    found[#found + 1] = {row.name, row.state, row.begins, row.ends}
  end
  return found
end

describe("bills of materials", function()
  it("a bill of several levels, with scrap, another unit, a phantom and a by-product", function()
    -- Given a bicycle of a frame, two wheels, a kit of four bolts that nobody keeps, and 250 g of paint that is kept in kilograms;
    -- a wheel of a rim and 36 spokes, of which one in twenty breaks. Sawing a frame of 2 tubes leaves half an offcut.
    local us = company()
    local kg = new("base.unit", {code = "kg", category = "mass", rounding = "0.001"})
    local gram = new("base.unit", {code = "g", category = "mass", factor = "0.001", rounding = "1"})
    for _, code in ipairs {"BIKE", "FRAME", "WHEEL", "RIM", "SPOKE", "KIT", "BOLT", "TUBE", "OFFCUT"} do goods(us, code) end
    goods(us, "PAINT", {unit = kg})
    new("production.bom", {item = us.WHEEL, lines = {{item = us.RIM}, {item = us.SPOKE, quantity = "36", scrap = "5"}}})
    new("production.bom", {item = us.KIT, kind = "phantom", lines = {{item = us.BOLT, quantity = "4"}}})
    new("production.bom", {item = us.FRAME, lines = {{item = us.TUBE, quantity = "2"}}, by_products = {{item = us.OFFCUT, quantity = "0.5"}}})
    new("production.bom", {item = us.BIKE, lines = {{item = us.FRAME}, {item = us.WHEEL, quantity = "2"}, {item = us.KIT},
      {item = us.PAINT, quantity = "250", unit = gram}}})

    -- When ten bicycles are exploded, then 20 wheels need 36 x 20 = 720 spokes, and 5 % more: 756; 250 g x 10 are 2.5 kg.
    local needed = {}
    for _, total in ipairs(call("production.bom.explode", {item = us.BIKE, quantity = "10"}).totals) do needed[total.code] = total.quantity end
    expect(needed, {FRAME = 10, WHEEL = 20, RIM = 20, SPOKE = 756, BOLT = 40, PAINT = dec "2.5", TUBE = 20})

    -- An order for ten asks for the bolts of the kit, for nobody stocks a kit; one of frames expects 10 x 0.5 offcuts.
    local order = get("production.order", new("production.order", {item = us.BIKE, quantity = "10"}))
    expect(order.components, {{item = us.FRAME, quantity = 10}, {item = us.WHEEL, quantity = 20}, {item = us.BOLT, quantity = 40},
      {item = us.PAINT, quantity = dec "2.5"}})
    expect(get("production.order", new("production.order", {item = us.FRAME, quantity = "10"})).outputs, {{item = us.OFFCUT, quantity = 5}})
    -- And a frame never goes into itself.
    expect(refused("rule", "production.bom.create", {values = {item = us.TUBE, lines = {{item = us.BIKE}}}}),
      "the item goes into itself: TUBE > BIKE > FRAME > TUBE")
  end)

  it("a bill holds for its days, and an alternate is there to be named", function()
    -- Given tables of four legs until the end of the year and of three from January on, and an alternate with a pedestal.
    local us = company()
    for _, code in ipairs {"TABLE", "LEG", "PEDESTAL"} do goods(us, code) end
    new("production.bom", {item = us.TABLE, valid_until = "2026-12-31", lines = {{item = us.LEG, quantity = "4"}}})
    new("production.bom", {item = us.TABLE, valid_from = "2027-01-01", lines = {{item = us.LEG, quantity = "3"}}})
    local round = new("production.bom", {item = us.TABLE, priority = 20, lines = {{item = us.PEDESTAL}}})
    local function components(values)
      values.item, values.quantity = us.TABLE, "10"
      return get("production.order", new("production.order", values)).components
    end
    -- Then orders of ten take the bill of the day on which they are due, or the one they name.
    expect(components {due = "2026-12-31"}, {{item = us.LEG, quantity = 40}})
    expect(components {due = "2027-01-01"}, {{item = us.LEG, quantity = 30}})
    expect(components {due = "2027-01-01", bom = round}, {{item = us.PEDESTAL, quantity = 10}})
  end)

  it("what was made is taken apart into what it was made of", function()
    -- Given two tables, each of four legs at 5 and a top at 40: a table is worth 4 x 5 + 40 = 60.
    local us = company()
    for _, code in ipairs {"TABLE", "LEG", "TOP"} do goods(us, code) end
    put(us.LEG, "8", "5")
    put(us.TOP, "2", "40")
    new("production.bom", {item = us.TABLE, lines = {{item = us.LEG, quantity = "4"}, {item = us.TOP}}})
    local order = make(us.TABLE, "2")
    act("production.order", order, "report", {produced = "2"})
    act("production.order", order, "finish")
    expect({stock(us.TABLE).on_hand, stock(us.LEG).on_hand, stock(us.TOP).on_hand}, {2, 0, 0})
    -- When one is taken apart and its top is broken.
    local apart = new("production.disassembly", {item = us.TABLE, quantity = "1", order = order, lines = {{item = us.TOP, recovered = "0"}}})
    act("production.disassembly", apart, "post")
    -- Then four legs at 5 come back, and the top is lost at 40.
    expect({stock(us.TABLE).on_hand, stock(us.LEG).on_hand, stock(us.TOP).on_hand}, {1, 4, 0})
    expect(get("production.disassembly", apart).lines, {{item = us.LEG, recovered = 4, value = 20}, {item = us.TOP, recovered = 0, value = 0}})
    expect(rows("logistics.valuation", {item = us.LEG}), {{quantity = 4, value = 20}})
    proved()
  end)
end)

describe("routings and planning", function()
  it("operations have their times and wait for each other", function()
    -- Given tables that are sanded at the bench (10 min each) and drilled at the saw (5 min each), and joined when both are done:
    -- 15 min to set up, 20 min each. The parts are there.
    local us = company()
    goods(us, "TABLE")
    local one = shift()
    local saw = new("production.work_centre", {code = "SAW", name = "Saw", calendar = one})
    local bench = new("production.work_centre", {code = "BENCH", name = "Bench", calendar = one})
    local routing = new("production.routing", {code = "TABLE", name = "Tables", steps = {
      {sequence = 10, name = "Sand", centre = bench, run_minutes = "10"},
      {sequence = 20, name = "Drill", centre = saw, run_minutes = "5", after = "0"},
      {sequence = 30, name = "Join", centre = bench, setup_minutes = "15", run_minutes = "20", after = "10 20"}}})
    new("production.bom", {item = us.TABLE, routing = routing, lines = {}})
    -- When ten are needed on Friday, 11 December.
    local order = make(us.TABLE, "10", {due = "2026-12-11"})
    -- Then joining takes 15 + 200 = 215 min and ends with the shift at 14:00: it begins at 10:25. Until then 100 min are sanded
    -- and 50 min drilled.
    expect(operations(order), {
      {"Sand", "ready", "2026-12-11T08:45:00.000Z", "2026-12-11T10:25:00.000Z"},
      {"Drill", "ready", "2026-12-11T09:35:00.000Z", "2026-12-11T10:25:00.000Z"},
      {"Join", "blocked", "2026-12-11T10:25:00.000Z", "2026-12-11T14:00:00.000Z"}})
    expect(get("production.order", order).minutes, 365)
    local steps = rows("production.operation", {order = order}, "sequence")
    for i = 1, 2 do
      expect(refused("state", "production.operation.start", {id = steps[3].id}) ~= nil, true)
      act("production.operation", steps[i].id, "start")
      act("production.operation", steps[i].id, "finish", {minutes = "60"})
    end
    expect(get("production.operation", steps[3].id).state, "ready")
  end)

  it("requirements: what is needed less what is there and comes, level by level, in lots, each with what it is for", function()
    -- Given 100 bicycles foreseen for 21 December, ten in the depot, made in lots of 25 within 2 days. Of their wheels there are 30,
    -- 50 come on 10 December; they are bought at least 150 at a time and take 5 days.
    local us = company()
    goods(us, "BIKE", {lot_multiple = "25", lead_days = 2})
    goods(us, "WHEEL", {bought = true, lot_min = "150", lead_days = 5})
    new("production.bom", {item = us.BIKE, lines = {{item = us.WHEEL, quantity = "2"}}})
    put(us.BIKE, "10", "300")
    put(us.WHEEL, "30", "40")
    buy(us, {{item = us.WHEEL, quantity = "50", price = "40"}}, {asked = "2026-12-10"})
    new("production.forecast", {item = us.BIKE, day = "2026-12-21", quantity = "100"})
    -- When requirements are planned.
    await(call("production.mrp.run", {}))
    -- Then 100 - 10 = 90 bicycles are missing: four lots, 100, begun on the 19th. They need 200 wheels, less 30 and 50: 120 are
    -- missing, 150 are bought, ordered on the 14th.
    local made, bought = only("production.proposal", {item = us.BIKE}), only("production.proposal", {item = us.WHEEL})
    expect(made, {kind = "make", quantity = 100, release = "2026-12-19", due = "2026-12-21"})
    expect(bought, {kind = "buy", quantity = 150, release = "2026-12-14", due = "2026-12-19"})
    -- The 120 wheels are for the bicycles, and 90 of these for the forecast.
    local why = call("production.mrp.trace", {proposal = bought.id}).rows
    expect({why[1].item, why[1].need, why[1].quantity}, {us.WHEEL, "proposal", 120})
    expect({why[2].item, why[2].need, why[2].quantity}, {us.BIKE, "demand", 90})
    -- Planned again, nothing changes.
    await(call("production.mrp.run", {}))
    expect(only("production.proposal", {item = us.WHEEL}).version, bought.version)
  end)

  it("machines have shifts and holidays: work is split over them and never overlaps", function()
    -- Given one bench, ten minutes a bowl; Tuesday, 8 December, is a holiday.
    local us = company()
    goods(us, "BOWL")
    local calendar = shift()
    new("base.holiday", {calendar = calendar, day = "2026-12-08", name = "Holiday"})
    local bench = new("production.work_centre", {code = "BENCH", name = "Bench", calendar = calendar})
    local routing = new("production.routing", {code = "TURN", name = "Turning", steps = {{sequence = 10, name = "Turn", centre = bench, run_minutes = "10"}}})
    new("production.bom", {item = us.BOWL, routing = routing, lines = {}})
    local function placed(order)
      local only = operations(order)
      return {only[1][3], only[1][4]}
    end
    -- When 60 bowls, 600 min, are needed on Wednesday the 9th, and then 60 others.
    local first, second = make(us.BOWL, "60", {due = "2026-12-09"}), make(us.BOWL, "60", {due = "2026-12-09"})
    -- Then the first take the 480 min of Wednesday and the last 120 of Monday; the others the 360 of Monday before these, and
    -- the last 240 of Friday.
    expect(placed(first), {"2026-12-07T12:00:00.000Z", "2026-12-09T14:00:00.000Z"})
    expect(placed(second), {"2026-12-04T10:00:00.000Z", "2026-12-07T12:00:00.000Z"})
    local load = call("production.capacity.load", {from = "2026-12-04", ["until"] = "2026-12-09"}).rows
    local taken = {}
    for _, row in ipairs(load) do taken[row.day] = row.available .. " " .. row.taken end
    expect(taken, {["2026-12-04"] = "480 240", ["2026-12-07"] = "480 480", ["2026-12-09"] = "480 480"})
    -- What is wanted as soon as possible begins now, at 10:40: 20 bowls are 200 min.
    expect(placed(make(us.BOWL, "20")), {"2026-11-23T10:40:00.000Z", "2026-11-23T14:00:00.000Z"})
  end)

  it("any machine of a group will do, the one where the work ends first", function()
    -- Given two lathes, the old one half as fast as the new one, and an hour a bowl at the new one.
    local us = company()
    goods(us, "BOWL")
    local calendar = shift()
    local old = new("production.work_centre", {code = "OLD", name = "Old", group = "lathes", calendar = calendar, efficiency = "50"})
    local quick = new("production.work_centre", {code = "NEW", name = "New", group = "lathes", calendar = calendar})
    local routing = new("production.routing", {code = "TURN", name = "Turning", steps = {{sequence = 10, name = "Turn", group = "lathes", run_minutes = "60"}}})
    new("production.bom", {item = us.BOWL, routing = routing, lines = {}})
    local function lathe() return only("production.operation", {order = make(us.BOWL, "1")}).centre end
    -- When three bowls are ordered at 10:40, then the new one has made the first by 11:40 and the second by 12:40; the old one is as
    -- quick as that by 12:40, too, and no later than the new one's third by 13:40.
    expect({lathe(), lathe()}, {quick, quick})
    expect(lathe(), old)
  end)
end)

describe("production orders", function()
  it("components are reserved, what is missing is listed, work begins with a part, and a cancelled order gives them back", function()
    -- Given 25 legs, and an order of ten tables of four legs; then one of five tables more.
    local us = company()
    goods(us, "TABLE")
    goods(us, "LEG")
    put(us.LEG, "25", "5")
    new("production.bom", {item = us.TABLE, lines = {{item = us.LEG, quantity = "4"}}})
    local first, parts = make(us.TABLE, "10")
    local second = make(us.TABLE, "5")
    local function held(order)
      local sum = dec(0)
      for _, row in ipairs(rows("logistics.reservation", {document = {entity = "production.order", id = order}})) do sum = sum + dec(row.quantity) end
      return tostring(sum)
    end
    -- Then the first has the 25, and misses 15; the second misses all its 20.
    expect(parts, {{kind = "stock", quantity = 25}, {kind = "missing", quantity = 15}})
    expect({held(first), held(second)}, {25, 0})
    expect(stock(us.LEG), {on_hand = 25, reserved = 25, available = 0})
    -- Six tables of the first can be made of 24 legs.
    act("production.order", first, "report", {produced = "6"})
    expect(get("production.order", first), {state = "in_progress", produced = 6, components = {{issued = 24}}})
    expect({stock(us.TABLE).on_hand, stock(us.LEG).on_hand, held(first)}, {6, 1, 1})
    -- When the first ends with six, its last leg goes to the second.
    act("production.order", first, "finish")
    expect({held(first), held(second)}, {0, 1})
    put(us.LEG, "19", "5")
    expect(get("production.order", second).state, "reserved")
    -- Cancelled, the second gives its 20 legs back.
    act("production.order", second, "cancel", {reason = "not wanted"})
    expect(stock(us.LEG), {on_hand = 20, reserved = 0, available = 20})
  end)

  it("output is reported in parts, with scrap and a tolerance, and the rest becomes an order of its own", function()
    -- Given ten tables of four legs, of which up to 10 % more may be used: 44 legs.
    local us = company()
    goods(us, "TABLE")
    goods(us, "LEG")
    put(us.LEG, "60", "5")
    new("production.bom", {item = us.TABLE, tolerance = "10", lines = {{item = us.LEG, quantity = "4"}}})
    local order = make(us.TABLE, "10")
    -- When four are made, then two and one is scrapped, with 13 legs instead of 12.
    act("production.order", order, "report", {produced = "4"})
    act("production.order", order, "report", {produced = "2", scrapped = "1", reason = "Cracked", used = {{item = us.LEG, quantity = "13"}}})
    -- Then 16 + 13 = 29 legs are used, and 44 - 29 = 15 may be; six tables are there.
    expect(get("production.order", order), {produced = 6, scrapped = 1, components = {{issued = 29}}})
    expect({stock(us.TABLE).on_hand, stock(us.LEG).on_hand}, {6, 31})
    expect(refused("rule", "production.order.issue", {id = order, components = {{item = us.LEG, quantity = "16"}}}),
      "more of LEG than the bill and its tolerance allow: 15.0000 are left")
    -- When it ends with a backorder, then the four that are short, the scrapped one among them, are an order of their own.
    act("production.order", order, "finish", {backorder = true})
    local rest = only("production.order", {backorder_of = order})
    expect(rest, {item = us.TABLE, quantity = 4, components = {{item = us.LEG, quantity = 16}}})
    expect(get("production.order", order).state, "done")
    proved()
  end)

  it("what it costs: planned, actual, the variance, and freight that comes later", function()
    -- Given frames of five rods at 4, welded in 6 min each at 60 an hour for people and 30 for the machine: planned for ten,
    -- 200 + 60 + 30 = 290.
    local us = company()
    goods(us, "FRAME")
    goods(us, "ROD", {standard_cost = "4"})
    local weld = new("production.work_centre", {code = "WELD", name = "Welder", labour_rate = "60", machine_rate = "30"})
    local routing = new("production.routing", {code = "WELD", name = "Welding", steps = {{sequence = 10, name = "Weld", centre = weld, run_minutes = "6"}}})
    new("production.bom", {item = us.FRAME, routing = routing, lines = {{item = us.ROD, quantity = "5"}}})
    local bought = buy(us, {{item = us.ROD, quantity = "100", price = "4"}})
    local receipt = receive(bought)
    local order = make(us.FRAME, "10")
    expect(get("production.order", order), {planned_material = 200, planned_labour = 60, planned_machine = 30, planned_cost = 290})
    -- When ten are made, and welding took 80 min instead of 60.
    local step = only("production.operation", {order = order}).id
    act("production.operation", step, "start")
    act("production.operation", step, "finish", {minutes = "80"})
    act("production.order", order, "report", {produced = "10"})
    act("production.order", order, "finish")
    -- Then people cost 80 and the machine 40: 200 + 80 + 40 = 320. The frames were received at what was planned, 290, and 30 more
    -- is the variance: of time, for the rods cost what was planned.
    expect(get("production.order", order), {material = 200, labour = 80, machine = 40, actual_cost = 320, received = 290, variance = 30})
    expect(call("production.variances", {order = order}), {total = 30, rows = {{kind = "efficiency", amount = 30}}})
    expect(rows("logistics.valuation", {item = us.FRAME}), {{quantity = 10, value = 290}})
    expect(balances(), {["580"] = 30})
    -- When freight of 20 comes for the 100 rods, then half of them went into the frames: these are worth 10 more, the rods 210.
    call("logistics.landed", {amount = "20", document = {entity = "logistics.receipt", id = receipt}, reason = "freight"})
    expect(rows("logistics.valuation", {item = us.FRAME}), {{value = 300}})
    expect(rows("logistics.valuation", {item = us.ROD}), {{quantity = 50, value = 210}})
    proved()
  end)

  it("lots are traced both ways: what went in, and which customers have it", function()
    -- Given two lots of steel, and knives that are made of them: lot K-1 of S-1, lot K-2 of S-2.
    local us = company()
    goods(us, "KNIFE", {tracking = "lot"})
    goods(us, "STEEL", {tracking = "lot"})
    new("production.bom", {item = us.KNIFE, lines = {{item = us.STEEL}}})
    local lot = {}
    for n = 1, 2 do
      put(us.STEEL, "5", "10", {new_lot = "S-" .. n})
      local order = make(us.KNIFE, "5")
      act("production.order", order, "report", {produced = "5", lot = "K-" .. n})
      act("production.order", order, "finish")
    end
    for _, row in ipairs(rows("logistics.lot")) do lot[row.name] = row.id end
    -- Three of K-1 go to Nowak, and one of K-2 to Kowal.
    local kowal = new("base.party", {name = "Kowal", is_customer = true})
    local function send(party, of, quantity)
      local order = sell(us, {{item = us.KNIFE, quantity = quantity}}, {party = party})
      local slip = delivery(order)
      act("logistics.delivery", slip.id, "ship", {lines = {{line = slip.lines[1].id, quantity = quantity, lot = lot[of]}}})
    end
    send(us.nowak, "K-1", "3")
    send(kowal, "K-2", "1")
    -- When S-1 turns out to be bad, then Nowak has three knives of it, and nobody else any.
    local function had(name)
      local found = {}
      for _, move in ipairs(call("logistics.trace", {lot = lot[name]}).moves) do
        if move.way == "to" and move.to == "customer" then found[#found + 1] = {move.party, move.lot_name, move.quantity} end
      end
      return found
    end
    expect(had "S-1", {{us.nowak, "K-1", 3}})
    expect(had "S-2", {{kowal, "K-2", 1}})
    -- And whoever has a knife of K-2 knows its steel.
    local steel = {}
    for _, move in ipairs(call("logistics.trace", {lot = lot["K-2"]}).moves) do
      if move.way == "from" and move.item == us.STEEL then steel[move.lot_name] = true end
    end
    expect({steel["S-1"] or false, steel["S-2"] or false}, {false, true})
  end)
end)
