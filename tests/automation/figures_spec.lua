-- What specs say of figures, lists, files beside them and jobs.
describe("a spec", function()
  it("expects figures by their value, texts to the letter", function()
    expect("7.0000", 7)
    expect("-7.50", dec "-7.5")
    expect({quantity = "7.0000", unit = 3}, {quantity = 7, unit = 3})
    expect("7.0000", "7.0000")
    for _, other in ipairs {8, -7, dec "7.0001", "7"} do expect(pcall(expect, "7.0000", other), false) end
    expect(pcall(expect, "seven", 7), false)
    expect(pcall(expect, nil, 7), false)
  end)
  it("expects a list as long as it is", function()
    expect({{a = 1, b = 2}, {a = 3}}, {{a = 1}, {a = 3}})
    expect(pcall(expect, {1, 2, 3}, {1, 2}), false)
    expect(pcall(expect, {1}, {1, 2}), false)
    expect(pcall(expect, {rows = {1, 2}}, {rows = {1}}), false)
  end)
  it("names the first difference, and where it is", function()
    local function said(is, wanted) return select(2, pcall(expect, is, wanted)) end
    expect(said({lines = {{quantity = "1.0", price = "5"}}}, {lines = {{quantity = 2}}}), "lines.1.quantity is 1.0, expected 2")
    expect(said({lines = {1, 2}}, {lines = {1}}), "lines is [1,2], expected [1]")
    expect(said(nil, "done"), "is nil, expected done")
  end)
  it("has the roles of a module whose upkeep it asks for", function()
    local brought = {{"name", "starts_with", "base."}}
    expect(call("access.role.count", {filter = brought}), 0)
    upkeep "base"
    expect(call("access.role.count", {filter = brought}) > 0, true)
    upkeep "base"
  end)
  it("includes a file beside it, which sees what it sees", function()
    local number, word = include "figures"
    expect({number, word}, {2, "two"})
    expect(call("base.item.get", {id = shelf.item "BOLT"}).code, "BOLT")
    for _, name in ipairs {"../automation/figures", "nobody", ""} do expect(pcall(include, name), false) end
  end)
  it("waits for a job", function()
    local values, text = {}, "code;name\n"
    for i = 1, 40 do text = text .. "B" .. i .. ";Bolt " .. i .. "\n" end
    local done = await(call("import.start", {text = text, entity = "base.item", mapping = {mode = "create"}}))
    expect(done.created, 40)
    expect(call("base.item.count", {}), 40)
    expect(pcall(await, {job = 999}), false)
  end)
end)
