-- What @name@ promises, on a server in memory: `make check` runs it.
describe("@name@", function()
  it("finishes an item once", function()
    local id = call("@name@.item.create", {values = {title = "First", amount = "10.00"}}).id
    expect(call("@name@.item.finish", {id = id}).state, "done")
    expect(refusal("@name@.item.finish", {id = id}), "state")
  end)
  it("takes no amount below zero", function()
    expect(refusal("@name@.item.create", {values = {title = "First", amount = "-1.00"}}), "validation")
  end)
end)
