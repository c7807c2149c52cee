-- The books, as an accountant would tell them: what is posted and stays, who owes what, tax, other currencies, statements.
include "company"

local accounts

-- The company's books: accounts are named by their code.
local function books()
  local us = company()
  accounts = {}
  for _, row in ipairs(rows("finance.account")) do accounts[row.code] = row.id end
  for _, row in ipairs(rows("base.tax_category")) do us[row.code] = row.id end
  for _, row in ipairs(rows("base.tax_position")) do us[row.code] = us[row.code] or row.id end
  return us
end

local function with(values, more)
  for name, value in pairs(more or {}) do values[name] = value end
  return values
end

-- A draft entry: entry(day, {["131"] = 5, ["801"] = -5}), debits above zero.
local function entry(day, sums, more)
  local lines = {}
  for _, code in ipairs {"131", "200", "201", "221", "402", "702", "801"} do
    local sum = sums[code] and dec(sums[code])
    if sum then lines[#lines + 1] = sum > dec(0) and {account = accounts[code], debit = sum} or {account = accounts[code], credit = dec(0) - sum} end
  end
  return new("finance.entry", with({day = day, lines = lines}, more))
end

-- A posted invoice of so many at such a price; it is Nowak's, unless it says otherwise.
local function invoice(us, day, quantity, price, more)
  local id = new("finance.invoice", with({party = us.nowak, day = day, lines = {{name = "Advice", quantity = quantity, price = price}}}, more))
  act("finance.invoice", id, "post")
  return get("finance.invoice", id)
end

local function items(document)
  return rows("finance.open_item", {document = {entity = "finance.invoice", id = document}}, "due,id")
end

local function pay(us, day, amount, more)
  local id = new("finance.payment", with({party = us.nowak, day = day, amount = amount}, more))
  act("finance.payment", id, "post")
  return get("finance.payment", id)
end

describe("the ledger", function()
  it("an entry is balanced, or it is refused; posted it is in the balances under a number", function()
    -- Given the owners' 50 000 on the bank account.
    local us = books()
    local draft = entry("2026-01-02", {["131"] = "50000", ["801"] = "-49000"})
    -- When 1 000 are forgotten on the other side, it is not posted.
    expect(refused("rule", "finance.entry.post", {id = draft}), "debits and credits differ by 1000.00")
    expect(balances()["131"], 0)
    local right = entry("2026-01-02", {["131"] = "50000", ["801"] = "-50000"})
    act("finance.entry", right, "post")
    expect(balances(), {["131"] = 50000, ["801"] = -50000})
    -- Into a group of accounts nothing is posted, nor into a year that is not there.
    local grouped = new("finance.entry", {day = "2026-01-02", lines = {{account = accounts["1"], debit = "5"}, {account = accounts["801"], credit = "5"}}})
    expect(refused("validation", "finance.entry.post", {id = grouped}), "account 1 is a group")
    refused("rule", "finance.entry.post", {id = entry("2031-01-02", {["131"] = "5", ["801"] = "-5"})})
    proved()
  end)

  it("what is posted stays: it is reversed, never changed, and a closed period takes nothing", function()
    -- Given an entry of 100 in January.
    local us = books()
    local posted = entry("2026-01-10", {["402"] = "100", ["131"] = "-100"})
    act("finance.entry", posted, "post")
    -- Nobody changes or deletes it.
    refused("state", "finance.entry.update", {id = posted, values = {text = "other"}})
    expect(refusal("finance.entry.delete", {id = posted}) ~= nil, true)
    -- When January is closed for good, nothing more goes in, not even its reversal; in February it may be reversed.
    local year = only("finance.year").id
    act("finance.year", year, "lock", {["until"] = "2026-01-31", lock = "hard"})
    expect(refused("rule", "finance.entry.post", {id = entry("2026-01-31", {["131"] = "5", ["801"] = "-5"})}), "period 2026-01 is locked")
    expect(refused("rule", "finance.entry.reverse", {id = posted, day = "2026-01-31"}), "period 2026-01 is locked")
    act("finance.entry", posted, "reverse", {day = "2026-02-01"})
    expect(balances("2026-01-31"), {["402"] = 100, ["131"] = -100})
    expect(balances("2026-02-01"), {["402"] = 0, ["131"] = 0})
  end)

  it("the books are opened with what there was, item by item", function()
    -- Given 1 230 that Nowak owed for an invoice of last year, due in January, and 4 000 in the bank.
    local us = books()
    local opening = new("finance.entry", {day = "2026-01-01", kind = "opening", lines = {
      {account = accounts["131"], debit = "4000"}, {account = accounts["200"], debit = "1230", party = us.nowak, due = "2026-01-15", text = "FV/2025/12/0007"}}})
    act("finance.entry", opening, "post")
    -- Then what they come to, 5 230, stands on the account of opening balances, and the item is open under its number.
    expect(balances(), {["131"] = 4000, ["200"] = 1230, ["809"] = -5230})
    expect(only("finance.open_item", {party = us.nowak}), {reference = "FV/2025/12/0007", due = "2026-01-15", open = 1230})
  end)
end)

describe("invoices and payments", function()
  it("an invoice from its draft to the last payment, overdue between, and a note that credits a line", function()
    -- Given ten hours at 100, due in 14 days: 1 000 and 230 of tax.
    local us = books()
    local terms = new("finance.terms", {code = "n14", name = "14 days", parts = {{days = 14}}})
    local draft = new("finance.invoice", {party = us.nowak, day = "2026-11-23", terms = terms, lines = {{name = "Advice", quantity = "10", price = "100"}}})
    expect(get("finance.invoice", draft).number, nil)
    act("finance.invoice", draft, "post")
    expect(get("finance.invoice", draft), {number = "FV/2026/11/0001", net = 1000, tax = 230, gross = 1230, open = 1230, due = "2026-12-07", payment_status = "unpaid"})
    expect(balances(), {["200"] = 1230, ["702"] = -1000, ["221"] = -230})
    -- When 500 are paid, it is paid in part; a day after it was due it is overdue.
    local item = items(draft)[1].id
    pay(us, "2026-11-23", "500", {allocations = {{item = item}}})
    expect(get("finance.invoice", draft), {open = 730, payment_status = "partial"})
    advance "15 days"
    call("finance.invoice.mark_overdue", {})
    expect(get("finance.invoice", draft).payment_status, "overdue")
    -- Two of the ten hours are credited, 246: 484 are left, and paid.
    local line = get("finance.invoice", draft).lines[1].id
    local note = act("finance.invoice", draft, "credit", {reason = "two hours too many", lines = {{line = line, quantity = "2"}}}).made
    act("finance.invoice", note, "post")
    expect(get("finance.invoice", note), {kind = "sale_credit", corrects = draft, gross = 246})
    expect(get("finance.invoice", draft), {open = 484, credited = 246, lines = {{credited = 2}}})
    local too_many = act("finance.invoice", draft, "credit", {reason = "more", lines = {{line = line, quantity = "9"}}}).made
    refused("rule", "finance.invoice.post", {id = too_many})
    pay(us, "2026-12-08", "484", {allocations = {{item = item}}})
    expect(get("finance.invoice", draft), {open = 0, payment_status = "paid"})
    expect(balances(), {["200"] = 0, ["702"] = -800, ["221"] = -184, ["131"] = 984})
    proved()
  end)

  it("an advance is taxed when it is billed, and the final invoice asks for the rest", function()
    -- Given an order of two days of advice at 1 000 each: 2 000 and 460. Of it 30 % are asked for in advance: 738, of which 138 tax.
    local us = books()
    local advice = goods(us, "ADVICE", {kind = "service", price = "1000"})
    local order = {entity = "crm.order", id = sell(us, {{item = advice, quantity = "2"}})}
    local advance_invoice = call("finance.invoice.from_order", {order = order, advance = "30", day = "2026-11-02"}).id
    act("finance.invoice", advance_invoice, "post")
    expect(get("finance.invoice", advance_invoice), {kind = "advance", net = 600, tax = 138, gross = 738})
    expect(balances(), {["203"] = -600, ["221"] = -138, ["200"] = 738})
    -- When the rest is billed, then 2 460 - 738 = 1 722 are to be paid, with the other 322 of tax; the advance is sales now.
    local final = call("finance.invoice.from_order", {order = order, basis = "ordered", day = "2026-11-20"})
    expect({final.gross, final.to_pay}, {2460, 1722})
    act("finance.invoice", final.id, "post")
    expect(get("finance.invoice", final.id).advances, {{invoice = advance_invoice, net = 600, tax = 138}})
    expect(balances(), {["203"] = 0, ["702"] = -2000, ["221"] = -460, ["200"] = 2460})
    expect(get("crm.order", order.id).billing_status, "full")
    proved()
  end)

  it("instalments with a discount for paying early, and what is owed by age", function()
    -- Given 1 230 of which 30 % are due at once, 2 % off within 10 days, and 70 % in 30 days.
    local us = books()
    local terms = new("finance.terms", {code = "3070", name = "30 % now, 70 % in 30 days",
      parts = {{percent = "30", discount = "2", discount_days = 10}, {percent = "70", days = 30}}})
    local bill = invoice(us, "2026-09-01", "10", "100", {terms = terms})
    -- Then 369 are due on 1 September, less 7.38 until the 11th, and 861 on 1 October.
    expect(items(bill.id), {{due = "2026-09-01", amount = 369, discount = dec "7.38", discount_until = "2026-09-11"}, {due = "2026-10-01", amount = 861}})
    -- When 361.62 are paid in time, the tax comes down with the discount: 7.38 are 6.00 and 1.38 of tax.
    pay(us, "2026-09-08", "361.62", {allocations = {{item = items(bill.id)[1].id, discount = "7.38"}}})
    expect(balances(), {["753"] = 6, ["221"] = dec "-228.62", ["200"] = 861})
    -- On 15 September the 861 are not due; on 31 October they are 30 days late, on 1 November 31, on 30 December 90, then older.
    local function aged(day)
      local is = call("finance.aging", {day = day})
      return {is.not_due, is.days_30, is.days_60, is.days_90, is.older}
    end
    expect(aged "2026-09-15", {861, 0, 0, 0, 0})
    expect(aged "2026-10-31", {0, 861, 0, 0, 0})
    expect(aged "2026-11-01", {0, 0, 861, 0, 0})
    expect(aged "2026-12-30", {0, 0, 0, 861, 0})
    expect(aged "2026-12-31", {0, 0, 0, 0, 861})
    expect(refusal("finance.payment.post", {id = new("finance.payment", {party = us.nowak, day = "2026-09-12", amount = "843.78",
      allocations = {{item = items(bill.id)[2].id, discount = "17.22"}}})}), "rule")
    proved()
  end)

  it("one payment for many invoices, what is too much stays a credit, a small rest is written off", function()
    -- Given invoices of 123, 246 and 61.50.
    local us = books()
    local first, second, third = invoice(us, "2026-03-01", "1", "100"), invoice(us, "2026-03-02", "2", "100"), invoice(us, "2026-03-03", "1", "50")
    -- When 400 come in for the oldest, then 123 and 246 are paid and 31 of the third.
    pay(us, "2026-03-10", "400", {oldest = true})
    expect({get("finance.invoice", first.id).open, get("finance.invoice", second.id).open, get("finance.invoice", third.id).open}, {0, 0, dec "30.50"})
    -- When 50 come for the 30.50, then 19.50 stay as Nowak's credit, and pay of the next invoice.
    local paid = pay(us, "2026-03-11", "50", {allocations = {{item = items(third.id)[1].id}}})
    expect(paid, {state = "posted", open = dec "19.50"})
    local next_one = invoice(us, "2026-03-12", "1", "100")
    local credit = rows("finance.open_item", {document = {entity = "finance.payment", id = paid.id}})[1].id
    call("finance.match_items", {debit = items(next_one.id)[1].id, credit = credit, day = "2026-03-12"})
    expect(get("finance.invoice", next_one.id).open, dec "103.50")
    expect(get("finance.payment", paid.id).state, "reconciled")
    -- Of those 103.50 he pays 103.10: the last 0.40 are written off.
    pay(us, "2026-03-15", "103.10", {allocations = {{item = items(next_one.id)[1].id, write_off = true}}})
    expect(get("finance.invoice", next_one.id).payment_status, "paid")
    expect(balances(), {["200"] = 0, ["761"] = dec "0.40", ["131"] = dec "553.10"})
    -- A payment that is taken back leaves open again what it paid.
    act("finance.payment", paid.id, "reverse", {day = "2026-03-16"})
    expect(get("finance.invoice", third.id).open, dec "30.50")
    proved()
  end)
end)

describe("tax", function()
  it("rates by goods and customer, prices with and without tax, and one rounding from quotation to invoice", function()
    -- Given lamps at 9.99, three of which are 29.97 and 6.89 of tax (23 % are 6.8931), and bread at 4.45, three of which are 13.35 and,
    -- at the reduced 8 %, 1.07 (1.068).
    local us = books()
    local lamp, bread = goods(us, "LAMP", {price = "9.99"}), goods(us, "BREAD", {price = "4.45", tax_category = us.reduced})
    local function taxed(values)
      local quotation = new("crm.quotation", with({party = us.nowak, lines = {{item = lamp, quantity = "3"}, {item = bread, quantity = "3"}}}, values))
      act("crm.quotation", quotation, "send")
      local order = act("crm.quotation", quotation, "accept", {create_order = true}).made
      act("crm.order", order, "confirm")
      local bill = call("finance.invoice.from_order", {order = {entity = "crm.order", id = order}, basis = "ordered"}).id
      local papers = {get("crm.quotation", quotation), get("crm.order", order), get("finance.invoice", bill)}
      for i = 2, 3 do expect({papers[i].net, papers[i].tax, papers[i].gross}, {papers[1].net, papers[1].tax, papers[1].gross}) end
      return papers[3]
    end
    -- Then quotation, order and invoice are 43.32 and 7.96.
    expect(taxed {}, {net = dec "43.32", tax = dec "7.96", gross = dec "51.28"})
    -- With tax in the prices, 9.99 x 3 = 29.97 have 5.60 of it (29.97 x 23 : 123 = 5.604), 13.35 have 0.99 (13.35 x 8 : 108 = 0.989).
    expect(taxed {tax_included = true, lines = {{item = lamp, quantity = "3", price = "9.99"}, {item = bread, quantity = "3", price = "4.45"}}}, {gross = dec "43.32", tax = dec "6.59", net = dec "36.73"})
    -- Three lines of 1.10: the tax of each is 0.253, rounded by line 0.75 in all; by document 3.30 x 23 % = 0.759, 0.76.
    local function three(rounding)
      local line = {item = lamp, quantity = "1", price = "1.10"}
      return taxed {rounding = rounding, lines = {line, line, line}}.tax
    end
    expect({three "line", three "document"}, {dec "0.75", dec "0.76"})
  end)

  it("who is taxed how: business in the EU, export, exempt, and tax that the buyer accounts for", function()
    -- Given a business in Berlin, a customer in Oslo, and goods and services that each buys for 100.
    local us = books()
    local germany, norway = new("base.country", {code = "DE", name = "Germany", eu = true}), new("base.country", {code = "NO", name = "Norway", eu = false})
    local berlin = new("base.party", {name = "Rad GmbH", tax_id = "DE136695976", is_customer = true, is_supplier = true, addresses = {{city = "Berlin", country = germany}}})
    local oslo = new("base.party", {name = "Sykkel", is_customer = true, addresses = {{city = "Oslo", country = norway}}})
    local lamp, advice = goods(us, "LAMP"), goods(us, "ADVICE", {kind = "service"})
    local leaflet = goods(us, "LEAFLET", {tax_category = us.exempt})
    local function labels(party)
      local bill = invoice(us, "2026-03-02", nil, nil, {party = party, lines = {{item = lamp, price = "100"}, {item = advice, price = "100"}}})
      return {bill.lines[1].tax_label, bill.lines[2].tax_label, bill.tax}
    end
    expect(labels(us.nowak), {"23%", "23%", 46})
    expect(labels(berlin), {"0%", "oo", 0})
    expect(labels(oslo), {"0%", "np", 0})
    expect(invoice(us, "2026-03-02", nil, nil, {lines = {{item = leaflet, price = "100"}}}), {tax = 0, lines = {{tax_label = "zw"}}})
    -- When Rad sells us goods for 1 000, we account for the 230: they are on both sides, and nothing is owed for them.
    local bill = invoice(us, "2026-03-05", nil, nil, {kind = "purchase", party = berlin, reference = "R 7", lines = {{item = lamp, quantity = "10", price = "100"}}})
    expect({bill.gross, bill.to_pay}, {1000, 1000})
    expect(rows("finance.vat_line", {invoice = bill.id}), {{side = "purchase", kind = "reverse_charge", net = 1000, amount = 230},
      {side = "sale", kind = "reverse_charge", net = 1000, amount = 230}})
    expect(balances(), {["222"] = 230, ["221"] = -276}) -- 46 of Nowak's, and these 230
    proved()
  end)

  it("registers have a sale by its tax point, and a purchase when it is deducted", function()
    -- Given what was delivered on 28 June and billed on 6 July: 100 and 23; and a bill of 20 June for 50, which came on 3 July.
    local us = books()
    invoice(us, "2026-07-06", "1", "100", {tax_day = "2026-06-28"})
    invoice(us, "2026-06-20", "1", "50", {kind = "purchase", party = us.stalmet, reference = "S 1", received_on = "2026-07-03"})
    -- Then June has 23 to pay; July has 11.50 to get back.
    local june = call("finance.vat_register", {from = "2026-06-01", to = "2026-06-30"})
    expect(june, {on_sales = 23, on_purchases = 0, to_pay = 23, rows = {{side = "sale", label = "23%", net = 100, amount = 23}}})
    local july = call("finance.vat_register", {from = "2026-07-01", to = "2026-07-31"})
    expect(july, {on_sales = 0, on_purchases = dec "11.50", to_pay = dec "-11.50", rows = {{side = "purchase", label = "23%", net = 50, amount = dec "11.50"}}})
    -- On 30 June the ledger has the sale's tax only, though the bill is booked in June, and the invoice in July: what is not of the
    -- month waits on an account of its own.
    expect(balances("2026-06-30"), {["221"] = -23, ["221-1"] = 23, ["222"] = 0, ["222-1"] = dec "11.50", ["201"] = dec "-61.50", ["200"] = 0})
    expect(balances("2026-07-31"), {["221"] = -23, ["221-1"] = 0, ["222"] = dec "11.50", ["222-1"] = 0, ["200"] = 123})
    proved()
  end)
end)

describe("other currencies", function()
  it("an invoice in euros is booked at the day's rate, valued at the month's end, and what the payment brings more is a gain", function()
    -- Given a euro at 4.00 on 4 February, 4.20 on the 27th and 4.10 on 13 March; documents take the rate of the day before.
    local us = books()
    for day, rate in pairs {["2026-02-04"] = "4.00", ["2026-02-27"] = "4.20", ["2026-03-13"] = "4.10"} do
      new("base.currency_rate", {base = us.EUR, currency = us.PLN, day = day, rate = rate})
    end
    -- When 1 000 euros without tax are billed on 5 February, then they are 4 000 zlotys.
    local bill = invoice(us, "2026-02-05", "1", "1000", {currency = us.EUR, lines = {{name = "Advice", price = "1000", tax_category = us.zero}}})
    expect(bill, {gross = 1000, base_gross = 4000, rate_day = "2026-02-04"})
    -- At the end of February they are worth 4 200: 200 are gained, not realised, and taken back on 1 March.
    expect(call("finance.revalue", {day = "2026-02-28"}), {items = 1, gain = 200, loss = 0})
    expect(balances("2026-02-28"), {["200"] = 4200, ["750"] = -200})
    expect(balances("2026-03-01"), {["200"] = 4000, ["750"] = 0})
    -- Paid on 16 March they bring 4 100: 100 are gained for good. 400 euros come first: 1 640 for 1 600.
    pay(us, "2026-03-16", "400", {currency = us.EUR, allocations = {{item = items(bill.id)[1].id}}})
    expect(balances(), {["131"] = 1640, ["200"] = 2400, ["750"] = -40})
    pay(us, "2026-03-16", "600", {currency = us.EUR, allocations = {{item = items(bill.id)[1].id}}})
    expect(balances(), {["131"] = 4100, ["200"] = 0, ["750"] = -100})
    expect(get("finance.invoice", bill.id), {open = 0, payment_status = "paid"})
    proved()
  end)
end)

describe("statements", function()
  it("balance sheet, profit and loss, cash flow, ledger and a customer's statement, of any day, down to the document", function()
    -- Given 50 000 of capital in January, a sale of 1 000 and tax in February, rent of 400 and tax in March, and a payment of 1 000.
    local us = books()
    act("finance.entry", entry("2026-01-02", {["131"] = "50000", ["801"] = "-50000"}), "post")
    local sale = invoice(us, "2026-02-10", "10", "100")
    invoice(us, "2026-03-05", nil, nil, {kind = "purchase", party = us.stalmet, reference = "S 1", lines = {{name = "Rent", price = "400", account = accounts["402"]}}})
    pay(us, "2026-03-20", "1000", {allocations = {{item = items(sale.id)[1].id}}})
    -- Then on 28 February the company had 50 000 and 1 230 that Nowak owed; it owed 230 of tax and had earned 1 000.
    expect(call("finance.balance_sheet", {day = "2026-02-28"}), {assets = 51230, liabilities = 230, equity = 50000, result = 1000})
    -- On 31 March: 51 000 in the bank, 230 of Nowak's and 92 of tax to deduct; 230 of tax and 492 to Stalmet are owed; 600 are earned.
    expect(call("finance.balance_sheet", {day = "2026-03-31"}), {assets = 51322, liabilities = 722, equity = 50000, result = 600})
    expect(call("finance.profit_loss", {from = "2026-01-01", to = "2026-03-31", compare_from = "2026-01-01", compare_to = "2026-02-28"}),
      {income = 1000, expenses = 400, result = 600, compared_income = 1000, compared_expenses = 0, compared_result = 1000})
    expect(call("finance.cash_flow", {from = "2026-01-01", to = "2026-03-31"}), {opening = 0, operating = 1000, financing = 50000, closing = 51000})
    -- A figure opens to its entries, and these to their documents.
    local trial = call("finance.trial_balance", {from = "2026-02-01", to = "2026-02-28"})
    local sold
    for _, row in ipairs(trial.rows) do if row.code == "702" then sold = row end end
    expect(sold, {opening = 0, debit = 0, credit = 1000, closing = -1000})
    local behind = call("finance.entry.list", {filter = sold.filter}).rows
    expect(behind, {{origin = {entity = "finance.invoice", id = sale.id}}})
    -- Nowak's statement has the invoice and the payment, and what is left.
    expect(call("finance.party_statement", {party = us.nowak, from = "2026-01-01", to = "2026-03-31"}), {opening = 0, closing = 230, open = 230,
      rows = {{day = "2026-02-10", amount = 1230, balance = 1230}, {day = "2026-03-20", amount = -1000, balance = 230}}})
    expect(call("finance.general_ledger", {account = accounts["200"], from = "2026-01-01", to = "2026-03-31"}).rows, {{}, {}})
    proved()
  end)

  it("cash to come, week by week: what is due, ordered, bought, paid regularly, and hoped for", function()
    -- Given 5 000 in the bank on Monday, 23 November.
    local us = books()
    act("finance.entry", entry("2026-01-02", {["131"] = "5000", ["801"] = "-5000"}), "post")
    -- Nowak owes 1 230 on 7 December, 14 days from now, as is usual. An order of 500 and 115 of tax goes on 15 December; goods for 200 and
    -- 46 come on the 1st; wages of 1 000 are paid on the last day of each month; a deal of 10 000, likely by 25 %, closes on 18 December.
    invoice(us, "2026-11-23", "10", "100")
    sell(us, {{name = "Advice", price = "500", quantity = "1"}}, {asked = "2026-12-15"})
    buy(us, {{item = goods(us, "BOLT"), quantity = "100", price = "2"}}, {asked = "2026-12-01"})
    new("finance.regular_payment", {name = "Wages", amount = "1000", first = "2026-01-31", every = "month"})
    new("crm.pipeline", {name = "Sales", initial = true, stages = {{name = "New", probability = "25"}, {name = "Won", semantic = "won"}, {name = "Lost", semantic = "lost"}}})
    new("crm.deal", {title = "Lamps", party = us.nowak, amount = "10000", currency = us.PLN, expected_close = "2026-12-18"})
    -- Then each comes 14 days after it is billed: the goods' 246 on the 15th, the order's 615 on the 29th, the deal's 2 500 and 575 of
    -- tax on 1 January; and November's tax of 230 is paid on 25 December.
    local told = call("finance.cash_forecast", {weeks = 6})
    expect(told.cash, 5000)
    expect(told.weeks, {
      {start = "2026-11-23", balance = 5000},
      {start = "2026-11-30", regular = -1000, balance = 4000},
      {start = "2026-12-07", receivable = 1230, balance = 5230},
      {start = "2026-12-14", purchases = -246, balance = 4984},
      {start = "2026-12-21", tax = -230, balance = 4754},
      {start = "2026-12-28", orders = 615, deals = 3075, regular = -1000, balance = 7444}})
  end)

  it("what was earned on an order, on goods, on a customer, by a seller and for a project", function()
    -- Given lamps that cost 60 and sell at 100, and advice at 50: an order of three lamps and one hour, for the project of a fair.
    local us = books()
    local lamp, advice = goods(us, "LAMP"), goods(us, "ADVICE", {kind = "service", price = "50"})
    put(lamp, "5", "60")
    local fair = new("finance.dimension", {code = "FAIR", name = "Fair", kind = "Project"})
    local order = sell(us, {{item = lamp, quantity = "3"}, {item = advice, quantity = "1"}})
    ship(order)
    local bill = call("finance.invoice.from_order", {order = {entity = "crm.order", id = order}, basis = "ordered"}).id
    local lines = get("finance.invoice", bill).lines
    call("finance.invoice.update", {id = bill, values = {lines = {{id = lines[1].id, dimension = fair}, {id = lines[2].id, dimension = fair}}}})
    act("finance.invoice", bill, "post")
    -- Then 3 x 100 + 50 = 350 were earned for 3 x 60 = 180: 170 are left, 48.57 % (170 : 350).
    local function earned(by)
      local found = {}
      for _, row in ipairs(call("finance.margin", {by = by}).rows) do found[#found + 1] = {row.name, row.income, row.cost, row.margin, row.percent} end
      return found
    end
    expect(earned "party", {{"Nowak", 350, 180, 170, dec "48.57"}})
    expect(earned "order", {{get("crm.order", order).number, 350, 180, 170, dec "48.57"}})
    expect(earned "item", {{"LAMP", 300, 180, 120, 40}, {"ADVICE", 50, 0, 50, 100}})
    expect(earned "owner", {{"Administrator", 350, 180, 170, dec "48.57"}})
    -- Of the project there is the income: the stores' own entries name none.
    local projects = call("finance.margin", {by = "dimension"}).rows
    expect(#projects, 2)
    for _, row in ipairs(projects) do
      if row.name then expect(row, {name = "Fair", income = 350, cost = 0}) else expect(row, {income = 0, cost = 180}) end
    end
  end)
end)
