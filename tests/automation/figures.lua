-- What figures_spec.lua includes.
shelf = {}
function shelf.item(code)
  return call("base.item.create", {values = {code = code, name = code}}).id
end
return 2, "two"
