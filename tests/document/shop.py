"""A maker of bicycles with one quotation, for the stories and for the examples of the docs."""
names = iter(range(1000))
seen = {}


def make(k, entity, /, **values):
    return k.create(entity, values)["id"]


def shop(k):
    """A maker of bicycles with one quotation; its days are those of UTC, as are the stories'."""
    if not seen:
        pl = make(k, "base.country", code="PL", name="Poland", eu=True)
        pln = make(k, "base.currency", code="PLN", decimals=2)
        make(k, "base.company", name="Wicher", legal_name="Wicher sp. z o.o.", tax_id="5261040828", country=pl, currency=pln, street="Kościuszki 7",
             postal_code="90-418", city="Łódź", email="biuro@wicher.example", phone="+48 42 555 01 02", website="https://wicher.example", zone="Etc/UTC")
        k.call("base.tax.preset", {"country": "PL"})
        piece = make(k, "base.unit", code="szt", category="count")
        bike = make(k, "base.item", code="B1", name="City bike", unit=piece, price="2000", currency=pln)
        lamp = make(k, "base.item", code="L1", name="Lamp", unit=piece, price="55.55", currency=pln)
        nowak = make(k, "base.party", name="Nowak", legal_name="Nowak sp. z o.o.", tax_id="5260250274",
                     addresses=[{"use": "main", "street": "Polna 1", "city": "Toruń", "postal_code": "87-100", "country": pl}])
        lines = [{"item": bike, "quantity": "3"}, {"item": lamp, "quantity": "20"}]
        quotation = make(k, "crm.quotation", party=nowak, lines=lines)
        seen.update(nowak=nowak, bike=bike, lamp=lamp, quotation=k.get("crm.quotation", quotation))
    return seen


def template(k, text, entity="base.party", **more):
    return k.create("document.template", {"name": f"t{next(names)}", "entity": entity, "lang": "pl", "text": text, **more})["id"]


def preview(k, text, id, entity="base.party", **more):
    return k.call("document.preview", {"template": template(k, text, entity, **more), "id": id})["text"]
