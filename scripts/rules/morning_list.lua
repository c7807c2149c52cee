-- Every working morning: who has tasks or calls for today gets them by mail.
local function lines(rows, field, time)
  local text = ""
  for _, row in ipairs(rows) do text = text .. "\n- " .. row[field] .. " (" .. row[time]:date() .. ")" end
  return text
end

local words = {
  en = {"Today: %d tasks, %d calls and meetings", "Tasks:", "Calls and meetings:"},
  pl = {"Dziś: zadania %d, telefony i spotkania %d", "Zadania:", "Telefony i spotkania:"},
}

rule {
  label = "The day's tasks and calls by mail",
  on = "every weekday at 7:00",
  rights = "access.user:read fields *; base.task:read; crm.activity:read",
  run = function()
    local until_then = now() + "1 day"
    for _, user in ipairs(list("access.user", {filter = {{"active", "=", true}, {"email", "is_null", false}}, limit = 500})) do
      local tasks = list("base.task", {filter = {{"owner", "=", user.id}, {"state", "in", {"todo", "in_progress"}},
                                                 {"due", "<", until_then}}, sort = "due", limit = 50})
      local calls = list("crm.activity", {filter = {{"owner", "=", user.id}, {"state", "=", "planned"},
                                                    {"planned_at", "<", until_then}}, sort = "planned_at", limit = 50})
      if #tasks + #calls > 0 then
        local said = words[user.lang or "en"]
        mail {to = user.email, subject = said[1]:format(#tasks, #calls),
              text = said[2] .. lines(tasks, "title", "due") .. "\n\n" .. said[3] .. lines(calls, "subject", "planned_at")}
      end
    end
  end,
}
