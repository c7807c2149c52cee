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
