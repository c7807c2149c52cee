-- What every scenario begins with: an empty company, and words to tell what happens in it. It is Monday, 23 November 2026.

function new(entity, values)
  return call(entity .. ".create", {values = values}).id
end

function get(entity, id)
  return call(entity .. ".get", {id = id})
end

-- All records of which the fields are so: rows("logistics.move", {item = bolt}).
function rows(entity, having, sort)
  local filter = {}
  for field, value in pairs(having or {}) do filter[#filter + 1] = {field, "=", value} end
  return call(entity .. ".list", {filter = filter, sort = sort or "id", limit = 200}).rows
end

-- The only one of them.
function only(entity, having)
  local found = rows(entity, having)
  if #found ~= 1 then error("there are " .. #found .. " of " .. entity .. ", not one", 2) end
  return get(entity, found[1].id)
end

-- An action on a record: act("crm.order", id, "confirm").
function act(entity, id, action, params)
  params = params or {}
  params.id = id
  return call(entity .. "." .. action, params)
end

-- It is refused, for such a reason; what is said.
function refused(kind, method, params)
  local is, said = refusal(method, params)
  if is ~= kind then error(method .. " is " .. (is and "refused: " .. is .. ", " .. said or "done") .. ", not refused: " .. kind, 2) end
  return said
end

-- Wicher, a Polish company that keeps its books in zlotys since January, with a depot, a customer and two suppliers.
function company()
  local us = {}
  for _, module in ipairs {"base", "crm", "logistics", "production", "finance"} do upkeep(module) end
  local poland = new("base.country", {code = "PL", name = "Poland", eu = true})
  us.PLN, us.EUR = new("base.currency", {code = "PLN"}), new("base.currency", {code = "EUR"})
  new("base.company", {name = "Wicher", country = poland, currency = us.PLN, zone = "Etc/UTC"})
  call("base.tax.preset", {country = "PL"})
  call("finance.setup", {chart = "polish", year = "2026-01-01"})
  us.piece = new("base.unit", {code = "szt", category = "count", rounding = "1"})
  us.nowak = new("base.party", {name = "Nowak", is_customer = true, tax_id = "5260250274"})
  us.stalmet = new("base.party", {name = "Stalmet", is_supplier = true})
  us.rad = new("base.party", {name = "Rad", is_supplier = true})
  us.depot = new("logistics.warehouse", {code = "DEPOT", name = "Depot", usual = true})
  return us
end

-- Somebody with such a role; says who calls from then on.
function enter(name, role)
  local password = "Correct-Horse-9-Battery"
  local user = new("access.user", {name = name, roles = {only("access.role", {name = role}).id}})
  call("access.password", {user = name, new = password, old = "admin"})
  as(name, password)
  return user
end

-- Goods by their code, counted in pieces and sold at 100 unless it says otherwise: goods(us, "BOLT", {price = "2"}); their id is us.BOLT.
function goods(us, code, values)
  local all = {code = code, name = code, unit = us.piece, price = "100", currency = us.PLN}
  for name, value in pairs(values or {}) do all[name] = value end
  us[code] = new("base.item", all)
  return us[code]
end

-- So many come into the stores at such a cost; more of the line: {new_lot = "A"}.
function put(item, quantity, unit_cost, more)
  local line = {item = item, quantity = quantity, unit_cost = unit_cost}
  for name, value in pairs(more or {}) do line[name] = value end
  local slip = new("logistics.transfer", {kind = "entry", lines = {line}})
  act("logistics.transfer", slip, "post")
  return slip
end

function stock(item)
  return call("logistics.availability", {item = item})
end

-- A customer's order that is confirmed.
function sell(us, lines, more)
  local values = {party = us.nowak, lines = lines}
  for name, value in pairs(more or {}) do values[name] = value end
  local order = new("crm.order", values)
  act("crm.order", order, "confirm")
  return order
end

-- The delivery of an order that has not left yet.
function delivery(order)
  local open = call("logistics.delivery.list", {filter = {{"document", "=", {entity = "crm.order", id = order}},
    {"state", "not_in", {"shipped", "done", "cancelled"}}}}).rows
  if #open ~= 1 then error("there are " .. #open .. " deliveries to ship, not one", 2) end
  return get("logistics.delivery", open[1].id)
end

-- So much of the only line of an order leaves, or all that is reserved; the delivery.
function ship(order, quantity, day)
  local slip = delivery(order)
  local lines = quantity and {{line = slip.lines[1].id, quantity = quantity}} or nil
  act("logistics.delivery", slip.id, "ship", {lines = lines, day = day})
  return slip.id
end

-- A supplier's order that is approved.
function buy(us, lines, more)
  local values = {party = us.stalmet, lines = lines}
  for name, value in pairs(more or {}) do values[name] = value end
  local order = new("logistics.purchase_order", values)
  act("logistics.purchase_order", order, "approve")
  return order
end

-- So much of an order's only line comes in, or all of it.
function receive(order, quantity, day)
  local line = get("logistics.purchase_order", order).lines[1].id
  local slip = new("logistics.receipt", {order = order, day = day, lines = quantity and {{order_line = line, quantity = quantity}} or nil})
  act("logistics.receipt", slip, "finish")
  return slip
end

-- What the books have on accounts, debit less credit, by their codes: balances().
function balances(until_day)
  local found = {}
  for _, row in ipairs(call("finance.trial_balance", {from = "2026-01-01", to = until_day or "2026-12-31", all = true}).rows) do
    found[row.code] = row.closing
  end
  return found
end

-- The books are what their entries add up to, and the stores are worth what the books say.
function proved()
  local proof = call("finance.prove", {})
  expect(#proof.findings, 0)
  expect(proof.stock_ledger, proof.stock_goods)
end
