-- A discount above 15 % goes out only after the seller's head has agreed to it; another discount
-- needs another yes. Whoever has no head, or is the head, is asked by nobody.
local function most(lines)
  local found = dec "0"
  for _, line in ipairs(lines) do
    if line.discount_percent and line.discount_percent > found then found = line.discount_percent end
  end
  return found
end

rule {
  label = "A discount above 15 % needs the head's approval",
  on = {"crm.quotation.created", "crm.quotation.updated lines", "crm.quotation.send", "crm.quotation.accept"},
  rights = "crm.quotation:read,update; base.approval:read,create; base.task:create; access.user:read",
  run = function(quotation, _, _, event)
    local discount, head = most(quotation.lines), head_of(quotation.owner)
    if discount <= dec "15" or not head then return end
    local titles = {"Discount of " .. discount .. " %: " .. quotation.number, "Rabat " .. discount .. " %: " .. quotation.number}
    local asked = list("base.approval", {filter = {{"about", "=", quotation}, {"title", "in", titles}}})
    if event == "crm.quotation.send" or event == "crm.quotation.accept" then
      for _, approval in ipairs(asked) do
        if approval.state == "approved" then return end
      end
      refuse {"the discount of " .. discount .. " % waits for the head's approval",
              pl = "rabat " .. discount .. " % czeka na zgodę przełożonego", field = "lines"}
    end
    if #asked == 0 then
      approve {title = for_user(head, titles[1], titles[2]), about = quotation, approvers = {head}, due = "2 days"}
    end
  end,
  approved = function(quotation)
    task {title = for_user(quotation.owner, "Discount approved, send it: ", "Rabat zaakceptowany, wyślij: ") .. quotation.number, owner = quotation.owner, about = quotation,
          due = "1 day"}
  end,
  rejected = function(quotation)
    task {title = for_user(quotation.owner, "Discount not approved: ", "Rabat odrzucony: ") .. quotation.number, owner = quotation.owner, about = quotation,
          due = "1 day"}
  end,
}
