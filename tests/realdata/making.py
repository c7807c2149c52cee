"""AdventureWorks' production: work centres, routings, bills of materials with the dates of their lines, and every work order
with its operations. What the server explodes, rolls up and counts is held against the figures that came with the data."""
import decimal
import time

from sales import MINE, ref

D = decimal.Decimal


def day_of(text):
    return text[:10] if text else None


def noon(text):
    return f"{text[:10]}T12:00:00Z" if text else None


def minutes(hours):
    return str(60 * D(hours)) if hours else "0"


def filled(row):
    return {name: value for name, value in row.items() if value not in ("", None)}


def engineering(loader):
    load, table = loader.load, loader.table
    load("production.work_centre", [{"external_id": f"aw-centre-{c['LocationID']}", "code": f"aw-{c['LocationID']}", "name": c["Name"],
                                     "machine_rate": c["CostRate"]} for c in table("Location")])
    routings = {}
    for row in table("ProductModelRouting"):
        routings.setdefault(row["ProductModelID"], []).append(row)
    load("production.routing", [{"external_id": f"aw-routing-{model}", "code": f"aw-{model}", "name": f"Model {model}", "steps": [
        {"sequence": int(r["Sequence"]), "name": r["Text"].split(". ")[0], "centre": ref("centre", r["LocationID"]), "setup_minutes": minutes(r["SetupHours"]),
         "run_minutes": minutes(r["MachineHours"]), "labour_minutes": minutes(r["LaborHours"]), "per": r["LotSize"], "note": r["Text"]}
        for r in sorted(rows, key=lambda r: int(r["Sequence"]))]} for model, rows in routings.items()])
    products = {p["ProductID"]: p for p in table("Product")}
    load("base.item", [{"external_id": f"aw-item-{p['ProductID']}", "standard_cost": p["StandardCost"], "safety_stock": p["SafetyStockLevel"],
                        "lead_days": int(p["DaysToManufacture"])} for p in products.values()], "planning")
    load("base.item_cost", [{"external_id": f"aw-cost-{c['ProductID']}-{c['StartDate'][:10]}", "item": ref("item", c["ProductID"]), "cost": c["StandardCost"],
                             "valid_from": day_of(c["StartDate"]), "valid_to": day_of(c["EndDate"])} for c in table("ProductCostHistory")])
    bills = {}
    for row in table("BillOfMaterials"):
        if row["ProductAssemblyID"]:
            bills.setdefault(row["ProductAssemblyID"], []).append(row)
    load("production.bom", [filled({"external_id": f"aw-bom-{made}", "item": ref("item", made),
                                    "routing": ref("routing", products[made]["ProductModelID"]) if products[made]["ProductModelID"] in routings else None,
                                    "lines": [filled({"item": ref("item", r["ComponentID"]), "quantity": r["PerAssemblyQty"],
                                                      "valid_from": day_of(r["StartDate"]), "valid_until": day_of(r["EndDate"])}) for r in rows]})
                            for made, rows in bills.items()])
    loader.bills = bills


def work_orders(loader):
    reasons = {r["ScrapReasonID"]: r["Name"] for r in loader.table("ScrapReason")}
    rates = {c["LocationID"]: D(c["CostRate"]) for c in loader.table("Location")}
    orders = [filled({"external_id": f"aw-work-{w['WorkOrderID']}", "number": f"AW-{w['WorkOrderID']}", "item": ref("item", w["ProductID"]), "state": "closed",
                      "quantity": w["OrderQty"], "produced": w["StockedQty"], "scrapped": w["ScrappedQty"], "due": day_of(w["DueDate"]),
                      "started_at": noon(w["StartDate"]), "finished_at": noon(w["EndDate"]), "reason": reasons.get(w["ScrapReasonID"])})
              for w in loader.table("WorkOrder")]
    operations = [filled({"external_id": f"aw-operation-{r['WorkOrderID']}-{r['OperationSequence']}", "order": ref("work", r["WorkOrderID"]),
                          "item": ref("item", r["ProductID"]), "sequence": int(r["OperationSequence"]), "name": f"Operation {r['OperationSequence']}", "state": "done",
                          "centre": ref("centre", r["LocationID"]), "begins": noon(r["ScheduledStartDate"]), "ends": noon(r["ScheduledEndDate"]),
                          "started_at": noon(r["ActualStartDate"]), "finished_at": noon(r["ActualEndDate"]), "cost": r["ActualCost"],
                          "actual_minutes": minutes(r["ActualResourceHrs"]), "machine_minutes": str(60 * D(r["PlannedCost"]) / rates[r["LocationID"]])})
                  for r in loader.table("WorkOrderRouting")]
    for entity, rows in (("production.order", orders), ("production.operation", operations)):
        began = time.monotonic()
        loader.k.import_rows(entity, rows, chunk=500, key="aw-work", keep_authors=True)
        seconds = time.monotonic() - began
        loader.done += len(rows)
        print(f"  {entity}: {len(rows)} rows in {seconds:.2f} s, {len(rows) / seconds:.0f} a second", flush=True)


def load_making(loader):
    engineering(loader)
    work_orders(loader)


def plain(number):
    return f"{D(number).normalize():f}"


def compare_bills(k, table, loader, expected):
    bom, day = expected["bom"], expected["about"]["as_of"]
    items = {row["external_id"]: row for row in k.each("base.item", [MINE], fields=["id", "external_id"])}
    numbers = {row["id"]: row["external_id"].rsplit("-", 1)[1] for row in items.values()}
    in_force, depths = 0, {}
    for made in loader.bills:
        found = k.call("production.bom.explode", {"item": items[f"aw-item-{made}"]["id"], "day": day})
        if found["depth"]:
            depths[found["depth"]] = depths.get(found["depth"], 0) + 1
            in_force += sum(row["level"] == 1 for row in found["rows"])
    table.row("rows of bills in force", in_force, bom["rows_in_force"])
    table.row("assemblies", sum(depths.values()), bom["assemblies"])
    table.row("levels at most", max(depths), bom["max_depth"])
    for depth, count in bom["depth_counts"].items():
        table.row(f"assemblies of {depth} levels", depths.get(int(depth)), count)
    for name, e in bom["products"].items():
        item = items[f"aw-item-{e['product_id']}"]["id"]
        found = k.call("production.bom.explode", {"item": item, "day": day})
        ours = {f"{numbers[t['item']]} {t['code']}": (plain(t["quantity"]), bool(t["made"])) for t in found["totals"]}
        table.row(f"{name}: levels, components", (found["depth"], len(ours)), (e["depth"], e["distinct_components"]))
        table.row(f"{name}: quantities", {c: q for c, (q, _) in ours.items()}, e["exploded_quantity"], show=False)
        table.row(f"{name}: of the lowest level", {c: q for c, (q, made) in ours.items() if not made}, e["purchased_or_lowest_level"], show=False)
        cost = k.call("production.bom.cost", {"item": item, "day": day})
        table.row(f"{name}: cost of the lowest level", plain(cost["material"]), plain(e["lowest_level_standard_cost"]))
    used = k.call("production.bom.where_used", {"item": items["aw-item-3"]["id"], "day": day})["rows"]
    table.row("product 3 goes into", sorted(int(numbers[row["item"]]) for row in used), bom["where_used_directly_product_3"])


SUMS = {"orders": "count", "ordered": "sum:quantity", "stocked": "sum:produced", "scrapped": "sum:scrapped"}


def sums_of(row):
    return row["orders"], int(D(row["ordered"])), int(D(row["stocked"])), int(D(row["scrapped"] or 0))


def compare_work(k, table, expected):
    work = expected["production"]
    whole = k.aggregate("production.order", SUMS, filter=[MINE])[0]
    for name, ours, theirs in zip(("orders", "ordered", "stocked", "scrapped"), sums_of(whole),
                                  (work[n] for n in ("work_orders", "ordered", "stocked", "scrapped"))):
        table.row(f"work orders: {name}", ours, theirs)
    table.row("work orders: late", k.count("production.order", [MINE, ["late", "=", True]]), work["late"])
    years = {r["started_at:year"][:4]: r["orders"] for r in k.aggregate("production.order", SUMS, group=["started_at:year"], filter=[MINE])}
    for year, count in work["by_start_year"].items():
        table.row(f"work orders begun in {year}", years.get(year), count)
    reasons = {r["reason"]: r["orders"] for r in k.aggregate("production.order", SUMS, group=["reason"], filter=[MINE, ["scrapped", ">", "0"]], limit=500)}
    for reason, count in work["scrapped_work_orders_by_reason"].items():
        table.row(f"scrapped: {reason}", reasons.get(reason), count, show=False)
    products = {r["item.external_id"]: sums_of(r) for r in k.aggregate("production.order", SUMS, group=["item.external_id"], filter=[MINE], limit=1000)}
    for number, e in work["work_orders_by_product"].items():
        table.row(f"work orders of product {number}", products.get(f"aw-item-{number}"), (e["work_orders"], e["ordered"], e["stocked"], e["scrapped"]), show=False)


def compare_operations(k, table, expected):
    work = expected["production"]
    rows = k.aggregate("production.operation", {"operations": "count", "worked": "sum:actual_minutes", "planned": "sum:machine_minutes", "cost": "sum:cost"},
                       group=["centre.name", "centre.machine_rate"], filter=[MINE])
    ours = {r["centre.name"]: r for r in rows}
    for name, e in work["routing_by_location"].items():
        r = ours[name]
        planned = D(r["planned"]) * D(r["centre.machine_rate"]) / 60
        table.row(f"{name}: operations, hours, planned and actual cost", (r["operations"], D(r["worked"]) / 60, planned, D(r["cost"])),
                  (e["operations"], D(e["hours"]), D(e["planned_cost"]), D(e["actual_cost"])), show=False)
        table.row(f"{name}: operations", r["operations"], e["operations"])
    orders = {row["order"] for row in k.each("production.operation", [MINE], fields=["order"])}
    table.row("work orders with operations", len(orders), work["work_orders_with_routing"])


def compare_costs(k, table, loader):
    """The costs of former days that were brought in left the items' own as they were."""
    cards = {row["external_id"]: D(row["standard_cost"]) for row in k.each("base.item", [MINE], fields=["external_id", "standard_cost"])}
    table.row("items whose standard cost is not that of their card", sum(cards[f"aw-item-{p['ProductID']}"] != D(p["StandardCost"]) for p in loader.table("Product")), 0)


def compare_making(k, table, loader, expected):
    compare_costs(k, table, loader)
    compare_bills(k, table, loader, expected)
    compare_work(k, table, expected)
    compare_operations(k, table, expected)
