#!/usr/bin/env python3
"""Nobody is locked out of the house by mistake: somebody is left who may give rights; a new key is of use."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "modules"))
from stories import expect, make, refused, run  # noqa: E402
from house import PASSWORD  # noqa: E402


def the_last_administrator_stays(k, house):
    me = k.call("session.whoami")["id"]
    admin = k.get("access.user", me)["roles"]
    refused("state", lambda: k.delete("access.user", me), "")
    refused("state", lambda: k.update("access.user", me, {"active": False}), "active")
    refused("state", lambda: k.update("access.user", me, {"roles": []}), "roles")
    refused("state", lambda: k.update("access.role", admin[0], {"grants": "base.*:*"}), "grants")
    refused("state", lambda: k.update("access.role", admin[0], {"grants": "*:*"}), "grants")  # without the group "rights"
    k.lang = "pl"
    expect("uprawnienia" in refused("state", lambda: k.update("access.user", me, {"active": False}), "active").problems[0]["message"], True)
    k.lang = None
    made = [entry["seq"] for entry in k.call("journal.since", {"seq": 0, "filter": {"entities": ["access.user"], "ids": [me]}})["entries"]][0]
    refused("state", lambda: k.call("journal.revert", {"seq": made}))
    expect(k.get("access.user", me)["active"], True)

    other = make(k, "access.user", name="ola", roles=admin)
    refused("state", lambda: k.update("access.user", me, {"roles": []}), "roles")  # she cannot log in yet
    k.call("access.password", {"user": other, "new": PASSWORD})
    refused("state", lambda: k.call("system.batch", {"atomic": True, "calls": [
        {"method": "access.user.update", "params": {"id": me, "values": {"active": False}}},
        {"method": "access.user.update", "params": {"id": other, "values": {"active": False}}}]}))
    k.update("access.user", me, {"full_name": "Somebody", "roles": admin})
    k.update("access.user", me, {"roles": []})
    ola = house.client("ola")
    refused("state", lambda: ola.delete("access.user", other), "")
    ola.update("access.user", me, {"roles": admin})
    ola.delete("access.user", other)


def a_new_key_is_of_use(k):
    me = k.call("session.whoami")["id"]
    refused("validation", lambda: k.call("access.key.create_secret", {"name": "old", "user": me, "expires_on": "2020-01-01"}), "expires_on")
    key = k.call("access.key.create_secret", {"name": "ever", "user": me, "expires_on": "2999-12-31"})["id"]
    k.update("access.key", key, {"expires_on": "2020-01-01"})  # ends it


run([the_last_administrator_stays, a_new_key_is_of_use], modules="base")
