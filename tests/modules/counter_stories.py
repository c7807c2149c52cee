#!/usr/bin/env python3
"""Another module takes part in the confirmation of an order: modules/examples/counter, in the same transaction."""
import os
import pathlib
import shutil
import tempfile

from stories import expect, refused
from house import House, ROOT

build = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check"))
with tempfile.TemporaryDirectory() as modules:
    for path in (build / "modules" / "base.so", build / "modules" / "crm.so", build / "examples" / "counter.so"):
        shutil.copy(path, modules)
    with House(modules="base,crm,counter", options=["--modules-dir", modules]) as house:
        k = house.client()
        pln = k.create("base.currency", {"code": "PLN"})["id"]
        party = k.create("base.party", {"name": "Passer-by"})["id"]
        lamp = k.create("base.item", {"code": "L", "name": "Lamp", "price": "5"})["id"]
        lines = [{"item": lamp, "quantity": "3"}, {"name": "Gift wrapping", "price": "1"}]

        def order(source, lines=lines):
            return k.create("crm.order", {"party": party, "currency": pln, "source": source, "lines": lines})["id"]

        sold = order("counter")
        preview = k.call("crm.order.preview", {"id": sold})
        expect([(c["entity"], c["after"]["state"], c["after"]["delivery_status"]) for c in preview["changes"]], [("crm.order", "confirmed", "full")])
        expect(k.get("crm.order", sold)["delivery_status"], "none")
        k.call("crm.order.confirm", {"id": sold}, if_preview=preview["hash"])
        row = k.get("crm.order", sold)
        expect((row["state"], row["delivery_status"], row["lines"][0]["delivered"], row["lines"][1]["delivered"]), ("confirmed", "full", "3.0000", None))

        mailed = order("mail")
        k.call("crm.order.confirm", {"id": mailed})
        expect(k.get("crm.order", mailed)["delivery_status"], "none")

        back = order("counter", [{"item": lamp, "quantity": "-1"}])
        refused("rule", lambda: k.call("crm.order.confirm", {"id": back}), "lines[0].quantity")
        expect((k.get("crm.order", back)["state"], k.get("crm.order", back)["version"]), ("draft", 1))

        k.call("module.disable", {"name": "counter"})
        k.call("crm.order.confirm", {"id": back})
        expect(k.get("crm.order", back)["state"], "confirmed")
print("what another module does, refuses and leaves alone holds")
