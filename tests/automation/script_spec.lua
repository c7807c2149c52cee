-- Call scripts on a virtual clock: what is paused is resumed with all that was said, or expires; who is to be called back is.
describe("a call script in time", function()
  local function script(source, more)
    local values = {code = "talk", name = "Talk", source = source}
    for key, value in pairs(more or {}) do values[key] = value end
    local id = call("script.script.create", {values = values}).id
    call("script.script.publish", {id = id})
    return id
  end
  local function start(id, name)
    local lead = call("crm.lead.create", {values = {title = name, name = name}}).id
    return call("script.session.start", {script = id, subject = {entity = "crm.lead", id = lead}})
  end
  local TALK = [[
step a
  say Hello
  answer yes -> b
step b
  say How much?
  ask amount money "Amount"
  -> done
end done won
]]
  it("resumes days later where it stood, with what was said, or expires", function()
    upkeep "script"
    local id = script(TALK, {expire_days = 5})
    local one, other = start(id, "One"), start(id, "Other")
    for _, at in ipairs {one, other} do
      call("script.session.answer", {id = at.session, step = "a", answer = "yes"})
      call("script.session.pause", {id = at.session, note = "tomorrow, please"})
    end
    settle()
    advance "3 days"
    expect(call("script.session.resume", {id = one.session}), {step = "b", say = "How much?", state = "running"})
    local kept = call("script.session.get", {id = one.session})
    expect(kept.note, "tomorrow, please")
    expect(kept.moves, {{step = "a", kind = "answered", answer = "yes"}})
    expect(call("script.session.answer", {id = one.session, step = "b", inputs = {amount = "900"}}).state, "finished")
    advance "3 days"
    local expired = call("script.session.get", {id = other.session})
    expect({expired.state, expired.outcome}, {"abandoned", "expired"})
    expect(call("script.session.get", {id = one.session}).state, "finished")
    expect(call("script.stats", {script = id, by = "step"}).rows[2], {step = "b", reached = 2, left = 1, won = 1})
  end)
  it("calls back when the time has come, before those who were never called", function()
    local id = script("step a\n  say A\n  answer later -> later\n  answer yes -> done\nend done won\nend later neutral\n  callback in 3 hours\n")
    local list = call("script.list.create", {values = {name = "November", script = id, attempts_max = 2, from_minute = 0, until_minute = 1440}}).id
    for _, name in ipairs {"Ala", "Ola", "Ula"} do
      local party = call("base.party.create", {values = {name = name, is_customer = true}}).id
      call("crm.consent.create", {values = {party = party, purpose = "marketing", channel = "phone", source = "form"}})
    end
    expect(call("script.list.fill", {list = list, filter = {{"is_customer", "=", true}}}).added, 3)
    local function talk(answer)
      local member = call("script.list.next", {list = list})
      local at = call("script.session.start", {script = id, subject = {entity = "base.party", id = member.party}, member = member.member})
      call("script.session.answer", {id = at.session, step = "a", answer = answer})
      return member.party
    end
    local first = talk "later"
    local second = talk "yes"
    expect(second ~= first, true)
    advance "4 hours"
    expect(talk "yes", first)
    expect(talk "yes" ~= first, true)
    expect(refusal("script.session.start", {script = 999}) ~= nil, true)
    expect(call("script.member.count", {filter = {{"list", "=", list}, {"state", "=", "done"}}}), 3)
  end)
end)
