-- The rules that ship speak the language of whoever reads them: a user's own, a customer's.
local function polish(name)
  return call("access.user.create", {values = {name = name, lang = "pl", email = name .. "@example.com"}}).id
end

local function titles(owner)
  local all = {}
  for _, task in ipairs(call("base.task.list", {filter = {{"owner", "=", owner}}, sort = "id"}).rows) do all[#all + 1] = task.title end
  return all
end

describe("in Polish", function()
  it("a head hears of what is overdue, a seller of calls that were not made", function()
    local head = polish "szefowa"
    local owner = call("access.user.create", {values = {name = "jan", lang = "pl",
      teams = {call("access.team.create", {values = {name = "north", head = head}}).id}}}).id
    use "escalate_task"
    use "remind_call"
    call("base.task.create", {values = {title = "Policz", owner = owner, due = "2026-11-24T12:00:00Z"}})
    call("crm.activity.create", {values = {kind = "call", subject = "Zapytaj", owner = owner, planned_at = "2026-11-23T12:00:00Z"}})
    settle()
    advance "4 days"
    expect(titles(head), {"Po terminie: Policz"})
    expect(titles(owner)[2], "Telefon niewykonany: Zapytaj")
  end)
  it("a new lead is called back, a won deal thanked for", function()
    call("access.user.update", {id = 1, values = {lang = "pl"}})
    call("automation.setting.create", {values = {name = "lead_language", value = "pl"}})
    use "greet_lead"
    use "won_deal"
    call("crm.lead.create", {values = {title = "Rowery", source = "web", email = "anna@example.com", name = "Anna"}})
    local pipeline = call("crm.pipeline.create", {values = {name = "Sales", initial = true, stages = {
      {name = "New"}, {name = "Won", semantic = "won"}, {name = "Lost", semantic = "lost"}}}}).id
    local party = call("base.party.create", {values = {kind = "organisation", name = "Rower Plus", language = "pl",
      contacts = {{kind = "email", value = "biuro@example.com"}}}}).id
    local deal = call("crm.deal.create", {values = {title = "Flota", party = party}}).id
    call("crm.deal.update", {id = deal, values = {stage = call("crm.pipeline.get", {id = pipeline}).stages[2].id}})
    settle()
    expect(titles(1), {"Oddzwoń: Rowery", "Przygotuj zamówienie: Flota"})
    local sent = call("outbox.effect.list", {filter = {{"kind", "=", "mail"}}, sort = "id"}).rows
    expect(sent[1].params, {subject = "Dziękujemy za wiadomość", text = "Dzień dobry Anna,\nzadzwonimy najpóźniej jutro."})
    expect(sent[2].params, {subject = "Dziękujemy za zaufanie", text = "Cieszymy się na współpracę: Flota."})
  end)
  it("the day begins with a list", function()
    use "morning_list"
    local ewa = polish "ewa"
    call("base.task.create", {values = {title = "Policz", owner = ewa, due = "2026-11-24T12:00:00Z"}})
    settle()
    advance "1 day"
    local sent = call("outbox.effect.list", {filter = {{"kind", "=", "mail"}}}).rows
    expect(sent[1].params.subject, "Dziś: zadania 1, telefony i spotkania 0")
    expect(sent[1].params.text:sub(1, 8), "Zadania:")
  end)
end)

describe("head_of and for_user", function()
  -- A task for everybody that a lead's owner leads to, made by a rule that may do nothing but that.
  local function ask(owner)
    call("crm.lead.create", {values = {title = "Fleet", owner = owner}})
    local all = call("base.task.list", {sort = "-id"}).rows
    return all[1].title, all[1].owner
  end
  local function rule()
    call("automation.rule.enable", {id = call("automation.rule.create", {values = {name = "up", text = [[
      rule {on = "crm.lead.created", rights = "crm.lead:read; base.task:create; access.user:read", run = function(lead)
        local head = head_of(lead.owner)
        assert(head_of(nil) == nil and for_user(nil, "a", "b") == "a")
        task {title = for_user(head, "head", "szef"), owner = head or lead.owner, about = lead}
      end}]]}}).id})
  end
  local function user(name, more)
    local values = {name = name}
    for key, value in pairs(more or {}) do values[key] = value end
    return call("access.user.create", {values = values}).id
  end
  local function department(name, head, parent)
    return call("access.department.create", {values = {name = name, head = head, parent = parent}}).id
  end
  it("look in the teams first, the first with another head", function()
    rule()
    local ewa, jan = user("ewa"), user("jan", {lang = "pl"})
    local own = call("access.team.create", {values = {name = "own", head = ewa}}).id
    local team = call("access.team.create", {values = {name = "north", head = jan}}).id
    call("access.user.update", {id = ewa, values = {teams = {own, team}, department = department("Sales", user "ola")}})
    local title, owner = ask(ewa)
    expect(title, "szef")
    expect(owner, jan)
  end)
  it("then up the departments, past those without a head or with the user for one", function()
    rule()
    local ewa, ola = user("ewa"), user("ola")
    local top = department("Company", ola)
    call("access.user.update", {id = ewa, values = {department = department("Export", ewa, department("Sales", nil, top))}})
    local title, owner = ask(ewa)
    expect(title, "head")
    expect(owner, ola)
    title, owner = ask(ola)
    expect(owner, ola)
    expect(title, "head")
  end)
end)
