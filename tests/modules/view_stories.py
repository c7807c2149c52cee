"""Saved views: refused when they ask for what there is not; what is gone later is left out and told."""
from stories import expect, make, refused, run


def view(k, **values):
    return k.create("base.view", {"name": "a view", "entity": "base.party", **values})["id"]


def what_a_view_asks_for_is_there_when_it_is_saved(k):
    refused("validation", lambda: view(k, entity="base.patry"), "entity")
    wrong = {"columns": ["name", "nmae", "owner.nothing", 7], "sort": "-name,colour", "group": "kind:month",
             "filter": [["nmae", "=", "x"], ["kind", "=", "animal"], ["name", "is", "x"], ["or", ["city", "=", "x"], ["towns", "=", "x"]]]}
    paths = ["columns[1]", "columns[2]", "columns[3]", "sort", "group", "filter[0]", "filter[1]", "filter[2]", "filter[3][2]"]
    told = {"en": refused("validation", lambda: view(k, **wrong), *paths)}
    k.lang = "pl"
    told["pl"] = refused("validation", lambda: view(k, **wrong), *paths)
    k.lang = None
    expect(told["en"].problems[0]["message"] != told["pl"].problems[0]["message"], True)
    right = {"columns": ["name", "owner.name", "*"], "sort": "-name,city", "group": "created_at:month", "kind": "pivot",
             "filter": [["is_customer", "=", True], ["or", ["city", "=", "x"], ["city", "is_null", True]]]}
    made = view(k, **right)
    for name, value in wrong.items():
        refused("validation", lambda: k.update("base.view", made, {name: value}), *[p for p in paths if p.startswith(name)])
    refused("validation", lambda: view(k, columns={"name": 100}), "columns")
    refused("validation", lambda: view(k, filter="name=x"), "filter")
    refused("validation", lambda: k.import_rows("base.view", [{"name": "b", "entity": "base.party", "sort": "x"}]), "sort")
    opened = k.call("base.view.open", {"id": made})
    expect({name: opened[name] for name in right}, right)
    expect((opened["entity"], opened["gone"]), ("base.party", []))


def a_view_asks_for_what_its_author_may_see(k, house):
    role = make(k, "access.role", name="clerk", grants="base.party:read fields default; base.view:*@own; base.view:read where shared = all")
    user = make(k, "access.user", name="ada", roles=[role])
    k.call("access.password", {"user": user, "new": "Correct-Horse-9-Battery"})
    ada = house.client("ada")
    refused("validation", lambda: view(ada, entity="base.task"), "entity")
    shared = view(k, entity="base.task", shared="all", columns=["title"], sort="due")
    opened = ada.call("base.view.open", {"id": shared})
    expect((opened["columns"], opened["sort"], [gone["path"] for gone in opened["gone"]]), (None, None, ["entity"]))
    mine = view(k, columns=["name"])
    refused("not_found", lambda: ada.call("base.view.open", {"id": mine}), "id")


def a_view_of_a_module_that_is_off_stays(k):
    asked = {"entity": "crm.deal", "columns": ["title", "amount"], "sort": "-amount", "filter": [["semantic", "=", "open"]], "group": "stage"}
    made = view(k, **asked)
    k.call("module.disable", {"name": "crm"})
    opened = k.call("base.view.open", {"id": made})
    expect((opened["columns"], opened["gone"]), (asked["columns"], []))
    k.update("base.view", made, {"name": "renamed meanwhile"})
    k.call("module.enable", {"name": "crm"})
    kept = k.get("base.view", made)
    expect({name: kept[name] for name in asked}, asked)
    expect(kept["name"], "renamed meanwhile")
    k.list("crm.deal", kept["filter"], fields=kept["columns"], sort=kept["sort"])


def a_view_that_became_untrue_opens_and_says_what_is_gone(k):
    k.call("field.define", {"entity": "base.party", "name": "x_colour", "type": "string", "label": {"en": "Colour", "pl": "Kolor"}})
    k.call("entity.define", {"name": "custom.machine", "label": {"en": "Machine", "pl": "Maszyna"}, "fields": [
        {"name": "code", "type": "string", "label": {"en": "Code", "pl": "Kod"}}]})
    asked = {"columns": ["name", "x_colour", "city"], "sort": "-x_colour,name", "group": "x_colour",
             "filter": [["x_colour", "=", "red"], ["is_customer", "=", True], ["or", ["x_colour", "=", "red"], ["city", "=", "x"]]]}
    one, single, other = view(k, **asked), view(k, filter=["x_colour", "=", "red"]), view(k, entity="custom.machine", columns=["code"])
    k.call("field.remove", {"entity": "base.party", "name": "x_colour"})
    opened = k.call("base.view.open", {"id": one})
    expect([opened[name] for name in ("columns", "sort", "group", "filter")], [["name", "city"], "name", None, [["is_customer", "=", True]]])
    expect(sorted(gone["path"] for gone in opened["gone"]), ["columns[1]", "filter[0]", "filter[2][1]", "group", "sort"])
    expect(all("x_colour" in gone["message"] for gone in opened["gone"]), True)
    k.list("base.party", opened["filter"], fields=opened["columns"], sort=opened["sort"])
    expect([k.call("base.view.open", {"id": single})[name] for name in ("filter", "columns")], [None, None])
    k.update("base.view", one, {"shared": "all", "name": "still mine to rename"})
    refused("validation", lambda: k.update("base.view", one, {"sort": "city"}), "columns[1]", "filter[0]", "filter[2][1]", "group")
    k.update("base.view", one, {name: opened[name] for name in asked})
    expect(k.call("base.view.open", {"id": one})["gone"], [])
    k.call("entity.remove", {"name": "custom.machine"})
    expect([gone["path"] for gone in k.call("base.view.open", {"id": other})["gone"]], ["entity"])


def an_undo_brings_back_what_became_untrue(k):
    k.call("field.define", {"entity": "base.party", "name": "x_shape", "type": "string", "label": {"en": "Shape", "pl": "Kształt"}})
    user = make(k, "access.user", name="eve")
    kept = view(k, owner=user, columns=["name", "x_shape"])
    k.call("access.user.delete", {"id": user}, unit="eve leaves")  # her views go with her
    refused("not_found", lambda: k.get("base.view", kept), "id")
    k.call("field.remove", {"entity": "base.party", "name": "x_shape"})
    expect(k.call("journal.revert", {"unit": "eve leaves"})["conflicts"], [])
    opened = k.call("base.view.open", {"id": kept})
    expect((k.get("access.user", user)["name"], opened["columns"], [gone["path"] for gone in opened["gone"]]), ("eve", ["name"], ["columns[1]"]))
    refused("validation", lambda: k.update("base.view", kept, {"sort": "name"}), "columns[1]")


def views_that_an_entity_brings_name_what_it_has(k):
    views = [{"kind": "list", "columns": ["code", "cod"], "sort": "-due", "filter": [["stat", "=", "x"]]}, {"kind": "kanban", "by": "stage", "card": ["code"], "sum": "worth"},
             {"columns": []}, {"kind": "pivot", "rows": ["code"], "group": "created_at:month", "sort": "-total"}]
    define = lambda views: k.call("entity.define", {"name": "custom.tool", "label": {"en": "Tool", "pl": "Narzędzie"}, "views": views, "fields": [
        {"name": "code", "type": "string", "label": {"en": "Code", "pl": "Kod"}}]})
    refused("validation", lambda: define(views), *("custom.tool.views" + path for path in (
        "[0].columns[1]", "[0].filter[0]", "[0].sort", "[1].by", "[1].sum", "[2]")))
    define(views[3:])
    k.call("field.define", {"entity": "custom.tool", "name": "worth", "type": "int", "label": {"en": "Worth", "pl": "Wartość"}})
    define([{"kind": "kanban", "by": "worth", "card": ["code"]}])
    k.call("field.remove", {"entity": "custom.tool", "name": "worth"})
    k.call("field.define", {"entity": "custom.tool", "name": "other", "type": "int", "label": {"en": "Other", "pl": "Inne"}})


run([what_a_view_asks_for_is_there_when_it_is_saved, a_view_asks_for_what_its_author_may_see, a_view_of_a_module_that_is_off_stays,
     a_view_that_became_untrue_opens_and_says_what_is_gone, views_that_an_entity_brings_name_what_it_has,
     an_undo_brings_back_what_became_untrue])
