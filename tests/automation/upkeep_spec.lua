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
  it("can be switched off, and none of it fails", function()
    for _, module in ipairs {"base", "crm", "script", "hr"} do upkeep(module) end
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
