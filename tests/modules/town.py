"""A company with a depot, its usual warehouse, and a shop, for stories of what comes from where; Stalmet sells to it."""
import datetime

from stories import make

seen = {}
TODAY = datetime.date.today()


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def town(k):
    if not seen:
        seen["pln"] = make(k, "base.currency", code="PLN", decimals=2)
        make(k, "base.company", name="Wicher", currency=seen["pln"])
        seen["piece"] = make(k, "base.unit", code="szt", category="count", rounding="1")
        seen["nowak"], seen["mill"] = make(k, "base.party", name="Nowak"), make(k, "base.party", name="Stalmet", is_supplier=True)
        seen["depot"] = make(k, "logistics.warehouse", code="DEPOT", name="Depot", usual=True)
        seen["shop"] = make(k, "logistics.warehouse", code="SHOP", name="Shop")
    return seen
