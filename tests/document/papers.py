#!/usr/bin/env python3
"""The ready papers of buying, stores, production, finance and people, in both languages: each from its record, whole.

  papers.py [FOLDER]   also leaves their HTML there, to be looked at"""
import datetime
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402

MODULES = "base,crm,finance,logistics,production,hr"


def make(k, entity, /, **values):
    return k.create(entity, values)["id"]


def day(days):
    return (datetime.date.today() + datetime.timedelta(days)).isoformat()


def company(k):
    """Its days are those of UTC, as are those here."""
    pl = make(k, "base.country", code="PL", name="Poland", eu=True)
    pln = make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", legal_name="Wicher sp. z o.o.", tax_id="5261040828", country=pl, currency=pln, street="Kościuszki 7",
         postal_code="90-418", city="Łódź", email="biuro@wicher.example", phone="+48 42 555 01 02", website="https://wicher.example", zone="Etc/UTC",
         bank_accounts=[{"iban": "61109010140000071219812874", "bank": "Bank Łódzki"}])
    k.call("base.tax.preset", {"country": "PL"})
    k.call("finance.setup", {"chart": "polish", "year": f"{datetime.date.today().year}-01-01"})
    piece = make(k, "base.unit", code="szt", category="count", rounding="1", symbol="pcs")
    address = [{"use": "main", "street": "Polna 1", "city": "Toruń", "postal_code": "87-100", "country": pl}]
    return {"nowak": make(k, "base.party", name="Nowak", legal_name="Nowak sp. z o.o.", tax_id="5260250274", is_customer=True, addresses=address),
            "steel": make(k, "base.party", name="Stalmet", legal_name="Stalmet S.A.", is_supplier=True, addresses=address),
            "bike": make(k, "base.item", code="RM-28", name="Rower miejski 28”", unit=piece, price="2000", currency=pln),
            "oil": make(k, "base.item", code="SM-01", name="Smar", unit=piece, price="20", currency=pln, tracking="lot"),
            "tube": make(k, "base.item", code="RU-25", name="Rura stalowa 25 mm", unit=piece, price="40", currency=pln)}


def records(k, s):
    """One record for each paper."""
    slip = make(k, "logistics.transfer", kind="entry", reason="Bilans otwarcia", lines=[{"item": s["bike"], "quantity": "10", "unit_cost": "900"}])
    k.call("logistics.transfer.post", {"id": slip})
    lots = make(k, "logistics.transfer", kind="entry", lines=[{"item": s["oil"], "quantity": "5", "unit_cost": "9", "new_lot": lot} for lot in ("L-17", "L-18")])
    k.call("logistics.transfer.post", {"id": lots})
    order = make(k, "crm.order", party=s["nowak"], lines=[{"item": s["bike"], "quantity": "3"}, {"item": s["oil"], "quantity": "9"}])
    k.call("crm.order.confirm", {"id": order})
    delivery = k.list("logistics.delivery", [["document", "=", {"entity": "crm.order", "id": order}]])["rows"][0]["id"]
    k.update("logistics.delivery", delivery, {"carrier": "Kurier Łódzki", "tracking": "PL-778"})
    k.call("logistics.delivery.ship", {"id": delivery})
    bought = make(k, "logistics.purchase_order", party=s["steel"], asked=day(7), terms="Dostawa na nasz koszt.",
                  lines=[{"item": s["tube"], "quantity": "25", "price": "12.5"}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    receipt = make(k, "logistics.receipt", order=bought, reference="WZ 17/2026")
    k.call("logistics.receipt.finish", {"id": receipt})
    make(k, "production.bom", item=s["bike"], lines=[{"item": s["tube"], "quantity": "4"}])
    work = make(k, "production.order", item=s["bike"], quantity="5", due=day(20))
    person = make(k, "hr.employee", name="Ewa Lis", hired="2020-03-01")
    make(k, "hr.term", employee=person, valid_from="2020-03-01", post="Monter", time_share="75")
    late = make(k, "finance.invoice", party=s["nowak"], day=day(-60), lines=[{"item": s["bike"], "quantity": "2", "price": "2000"}])
    k.call("finance.invoice.post", {"id": late})
    invoice = make(k, "finance.invoice", party=s["nowak"], lines=[{"item": s["bike"], "quantity": "5", "price": "2000"}, {"item": s["tube"], "quantity": "3", "price": "40"}])
    k.call("finance.invoice.post", {"id": invoice})
    line = k.get("finance.invoice", invoice)["lines"][0]["id"]
    for quantity in ("1", "2"):  # the second note begins where the first one ended
        note = k.call("finance.invoice.credit", {"id": invoice, "reason": "Zwrot", "lines": [{"line": line, "quantity": quantity}]})["made"]
        k.call("finance.invoice.post", {"id": note})
    return {"delivery_note": delivery, "goods_receipt": receipt, "stock_slip": slip, "purchase_order": bought, "work_card": work,
            "invoice": invoice, "credit_note": note, "invoice_mail": invoice, "order_mail": order, "reminder_mail": s["nowak"],
            "payment_demand": s["nowak"], "letter": s["nowak"], "reminder": s["nowak"], "employment_certificate": person}


WORDS = {
    "delivery_note": {"pl": ("Wydanie zewnętrzne (WZ) WZ/", "RM-28", "3 szt", "SM-01", "L-17", "5 szt", "L-18", "4 szt", "Nowak sp. z o.o.", "Kurier Łódzki", "Odebrał"), "en": ("Delivery note WZ/", "3 pcs", "Carrier")},
    "goods_receipt": {"pl": ("Przyjęcie zewnętrzne (PZ) PZ/", "RU-25", "25 szt", "WZ 17/2026", "Stalmet S.A."), "en": ("Goods receipt PZ/", "25 pcs", "Supplier")},
    "stock_slip": {"pl": ("Przychód wewnętrzny (PW) PW/", "RM-28", "10 szt 9000,00", "Wartość razem 9000,00 zł", "Bilans otwarcia", "Przyjął"), "en": ("Goods entry PW/", "10 pcs 9,000.00", "Received by")},
    "purchase_order": {"pl": ("Zamówienie PO/", "12,50", "312,50 zł", "Prosimy o dostawę do"), "en": ("Purchase order PO/", "25 pcs", "Please deliver by")},
    "work_card": {"pl": ("Karta pracy MO/", "Rower miejski", "5 szt", "Rura stalowa", "20 szt", "<svg"), "en": ("Work order card MO/", "5 pcs", "20 pcs", "Needed on")},
    "reminder": {"pl": ("Przypomnienie o płatności", "4920,00 zł", "Razem", "Dni po terminie"), "en": ("Payment reminder", "Days overdue")},
    "invoice": {"pl": ("Faktura FV/", "Sprzedawca", "Wicher sp. z o.o.", "NIP 5261040828", "Nabywca", "NIP 5260250274", "Data dostawy", "Stawka", "10 120,00",
                       "12 447,60 zł", "Słownie: dwanaście tysięcy", "PL61 1090 1014 0000 0712 1981 2874", "w ciągu 14 dni", "Termin płatności", "<svg"),
                "en": ("Invoice FV/", "Seller", "12,447.60", "In words", "within 14 days")},
    "credit_note": {"pl": ("Faktura korygująca", "Do faktury", "Przyczyna korekty: Zwrot", "przed korektą 4 szt 2000,00 23% 8000,00", "po korekcie 2 szt 2000,00 23% 4000,00",
                           "korekta −2 szt 2000,00 23% −4000,00", "23% 8120,00 1867,60 4120,00 947,60 −4000,00 −920,00", "−4920,00 zł"),
                    "en": ("Credit note", "before 4 pcs", "after 2 pcs", "In your favour 4,920.00")},
    "payment_demand": {"pl": ("Wezwanie do zapłaty", "4920,00 zł", "PL61 1090"), "en": ("Final demand", "Days overdue")},
    "letter": {"pl": ("Szanowni Państwo", "Nowak sp. z o.o."), "en": ("Dear Sir",)},
    "invoice_mail": {"pl": ("przesyłamy fakturę FV/", "na kwotę 12 447,60 zł", "PL61 1090"), "en": ("our invoice FV/",)},
    "order_mail": {"pl": ("pod numerem SO/", "1. Rower miejski 28”: 3 szt"), "en": ("under number SO/", "3 pcs")},
    "reminder_mail": {"pl": ("są po terminie", "4920,00 zł"), "en": ("overdue",)},
    "employment_certificate": {"pl": ("Zaświadczenie o zatrudnieniu", "Ewa Lis pozostaje w zatrudnieniu od 1 marca 2020", "Monter", "75%"), "en": ("Certificate of employment", "as Monter")},
}


def certificates(k, person):
    """The person's gender, else the PESEL's, chooses the words; without either they do without."""
    template = k.list("document.template", [["name", "=", "employment_certificate"], ["lang", "=", "pl"]])["rows"][0]["id"]

    def expect(words):
        text = k.call("document.preview", {"template": template, "id": person})["text"].replace("\u00a0", " ")
        assert words in text, (words, text[text.index("<h1>"):])

    k.update("hr.employee", person, {"national_id": "44051401359"})
    expect("Ewa Lis jest zatrudniony od 1 marca 2020")
    k.update("hr.employee", person, {"party": make(k, "base.party", kind="person", name="Ewa Lis", gender="female")})
    expect("Ewa Lis jest zatrudniona od 1 marca 2020")
    k.call("hr.employee.offboard", {"id": person, "day": day(0)})
    expect("Ewa Lis była zatrudniona od 1 marca 2020 do ")
    k.update("hr.employee", person, {"party": None, "national_id": None})
    expect("że zatrudnienie osoby: Ewa Lis trwało od 1 marca 2020 do ")


def transfers(k, s):
    """What goes to another warehouse is printed at the value at which it went."""
    there = make(k, "logistics.warehouse", code="F", name="Filia")
    slip = make(k, "logistics.transfer", kind="transfer", to_warehouse=there, lines=[{"item": s["bike"], "quantity": "2"}])
    template = k.list("document.template", [["name", "=", "stock_slip"], ["lang", "=", "pl"]])["rows"][0]["id"]
    for post, seen in ((False, False), (True, True)):
        if post:
            k.call("logistics.transfer.post", {"id": slip})
        shown = words_of(k.call("document.preview", {"template": template, "id": slip})["text"])
        for word in ("Przesunięcie międzymagazynowe (MM)", "Filia"):
            assert word in shown, shown
        for word in ("2 szt 1800,00", "Wartość razem 1800,00 zł"):
            assert (word in shown) == seen, shown


def making(k, s, house):
    """What is issued to an order and what it makes has papers, move by move; whoever may not read these has what the order says."""
    tubes = make(k, "logistics.transfer", kind="entry", lines=[{"item": s["tube"], "quantity": "40", "unit_cost": "12.5"}, {"item": s["oil"], "quantity": "4", "unit_cost": "9", "new_lot": "L-19"}])
    k.call("logistics.transfer.post", {"id": tubes})
    bell = make(k, "base.item", code="DZ-1", name="Dzwonek", unit=k.get("base.item", s["bike"])["unit"])
    make(k, "production.bom", item=bell, lines=[{"item": s["tube"], "quantity": "2"}, {"item": s["oil"], "quantity": "1"}])
    order = make(k, "production.order", item=bell, quantity="3")
    k.call("production.order.confirm", {"id": order})
    k.call("production.order.issue", {"id": order})
    k.call("production.order.report", {"id": order, "produced": "2"})
    k.call("production.order.give_back", {"id": order, "components": [{"item": s["tube"], "quantity": "2"}]})
    today = datetime.date.today().strftime("%d.%m.%Y")
    role = k.list("access.role", [["name", "=", "production.planner"]])["rows"][0]["id"]
    user = make(k, "access.user", name="olga", full_name="Olga", roles=[role, k.list("access.role", [["name", "=", "base.user"]])["rows"][0]["id"]])
    k.call("access.password", {"user": user, "new": "Quiet-River-77-Stone"})
    olga = house.client("olga", "Quiet-River-77-Stone")
    paper = lambda name, lang, by=k: words_of(by.call("document.preview", {"template": k.list("document.template", [["name", "=", name], ["lang", "=", lang]])["rows"][0]["id"], "id": order})["text"])
    for name, lang, words in (
            ("production_issue", "pl", ("Rozchód wewnętrzny (RW)", "Zlecenie MO/", "DZ-1 Dzwonek", f"{today} RU-25 Rura stalowa 25 mm 6 szt 75,00", f"{today} SM-01 Smar L-18 1 szt 9,00", f"{today} SM-01 Smar L-19 2 szt 18,00", "RU-25 Rura stalowa 25 mm −2 szt −25,00", "Wartość razem 77,00 zł")),
            ("production_issue", "en", ("Goods issue MO/", "6 pcs 75.00", "Value in all")),
            ("production_entry", "pl", ("Przychód wewnętrzny (PW)", f"{today} DZ-1 Dzwonek 2 szt", "Wartość razem")),
            ("production_entry", "en", ("Goods entry MO/", "2 pcs"))):
        shown = paper(name, lang)
        for word in words:
            assert word in shown, (name, lang, word, shown[shown.index("Kościuszki"):])
    for name, words in (("production_issue", ("RU-25 Rura stalowa 25 mm 4 szt 50,00", "SM-01 Smar 3 szt 27,00")), ("production_entry", ("DZ-1 Dzwonek 2 szt",))):
        shown = paper(name, "pl", olga)
        for word in words:
            assert word in shown, (name, word, shown)


def words_of(text):
    return " ".join(re.sub(r"<style>.*?</style>|</?(?!svg)[a-z][^>]*>", " ", text.replace("\u00a0", " "), flags=re.S).split())


def main():
    with House(modules=MODULES) as house:
        k = house.client()
        s = company(k)
        ids = records(k, s)
        k.call("document.presets", {})
        for name, languages in WORDS.items():
            for lang, words in languages.items():
                template = k.list("document.template", [["name", "=", name], ["lang", "=", lang]])["rows"][0]["id"]
                text = k.call("document.preview", {"template": template, "id": ids[name]})["text"].replace("\u00a0", " ")
                shown = words_of(text)
                for word in words:
                    assert word in shown, (name, lang, word, shown)
                if len(sys.argv) > 1:
                    pathlib.Path(sys.argv[1], f"{name}.{lang}.html").write_text(text, encoding="utf-8")
        certificates(k, ids["employment_certificate"])
        transfers(k, s)
        making(k, s, house)
    print(f"{len(WORDS)} papers in two languages")


if __name__ == "__main__":
    main()
