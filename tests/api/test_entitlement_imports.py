"""Files of entitlements come in; all entitlements of a source go."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from tests.api.asking import replace
from tests.api.forms import CONTENT_TYPE, multipart
from tests.api.served import ENTITLEMENT, OWNER, SOURCE, entitlement, fresh, source
from tests.api.test_bad_input import cause
from tests.house import Client, House, Reply

FORM = {"content-type": CONTENT_TYPE}
WAYS = {"csvFile": "/v2025/entitlements/aggregate/sources/{}", "file": "/v2025/sources/{}/load-entitlements"}


def send(client: Client, id: str, csv: str | bytes, part: str = "csvFile", *, file_name: str = "rows.csv") -> Reply:
    content = csv if isinstance(csv, bytes) else csv.encode()
    return client.post(WAYS[part].format(id), content=multipart({part: content}, file_name), headers=FORM)


def task(house: House, reply: Reply) -> dict[str, Any]:
    """What became of it: completion status, counts, messages."""
    found = house.admin.get(f"/v2025/task-status/{reply.ok(202)['id']}").ok()
    texts = [one["localizedText"]["message"] for one in found["messages"]]
    return {"status": found["completionStatus"], "summary": texts[0], "faults": texts[1:], "target": found["target"]}


def of_source(house: House, id: str) -> dict[str, dict[str, Any]]:
    """Value → entitlement."""
    found = house.admin.get("/v2026/entitlements", params={"filters": f'source.id eq "{id}"'}).ok()
    return {one["value"]: one for one in found}


@pytest.mark.parametrize("part", WAYS)
@pytest.mark.parametrize("file_name", ["rows.csv", ""])
def test_a_file_becomes_entitlements(module_house: House, part: str, file_name: str) -> None:
    id = source(module_house)
    csv = (
        "value,Display Name,attribute,description,owner,privileged,memberOf,site,schema\r\n"
        '"CN=a,OU=b",Ledger,memberOf,Opens it,admin,true,,Oslo,group\r\n'
        f'CN=c,,memberOf,,{OWNER},no,"CN=a,OU=b|CN=x",,role\r\n'
    )

    reply = send(module_house.admin, id, csv, part, file_name=file_name)

    answer = reply.ok(202)
    assert {"id", "type", "uniqueName", "description", "launcher", "created", "returns"} == set(answer)
    found = of_source(module_house, id)
    first, second = found["CN=a,OU=b"], found["CN=c"]
    assert (first["name"], first["description"], first["privileged"]) == ("Ledger", "Opens it", True)
    assert (second["name"], second["sourceSchemaObjectType"], second["privileged"]) == ("CN=c", "role", False)
    assert first["owner"] == second["owner"] == {"type": "IDENTITY", "id": OWNER, "name": "Bulkwark Administrator"}
    assert first["attributes"] == {"site": "Oslo"}
    children = module_house.admin.get(f"/v2025/entitlements/{first['id']}/children").ok()
    assert [one["value"] for one in children] == ["CN=c"]
    told = task(module_house, reply)
    assert (told["status"], told["summary"]) == ("SUCCESS", "2 created, 0 updated, 0 unchanged")
    assert told["target"]["id"] == id


def test_bad_lines_are_told_and_good_ones_applied(module_house: House) -> None:
    id = source(module_house)
    csv = (
        b"attribute,value,id,owner,requestable\n"
        b"memberOf,a,,,\n"
        b"memberOf,b\n"
        b",c,,,\n"
        b"memberOf,d,xyz,,\n"
        b"memberOf,e,,nobody at all,\n"
        b"memberOf,f,,,perhaps\n"
        b"memberOf,a,,,\n"
        b"memberOf,\xff,,,\n"
        b"memberOf,g," + ENTITLEMENT.encode() + b",,\n"
        b"memberOf,h,,,true\n"
    )

    told = task(module_house, send(module_house.admin, id, csv))

    assert told["status"] == "WARNING"
    assert told["summary"] == "2 created, 0 updated, 0 unchanged, 8 lines left out"
    assert told["faults"] == [
        "line 3: it has 2 cells, the header has 5",
        "line 4: column attribute: it is empty",
        "line 5: column id: 'xyz' is no id (32 hex digits, or a UUID)",
        "line 6: column owner: there is no one identity 'nobody at all' (id, alias or display name)",
        "line 7: column requestable: 'perhaps' is neither true nor false",
        "line 8: line 2 is about the same entitlement",
        "line 9: column value: it is not UTF-8",
        f"line 10: column id: the entitlement {ENTITLEMENT} belongs to another source",
    ]
    assert sorted(of_source(module_house, id)) == ["a", "h"]


def test_a_second_import_updates_what_it_names_and_nothing_else(module_house: House) -> None:
    id = source(module_house)
    send(module_house.admin, id, "attribute,value,name,description,site\nm,a,One,first,Oslo\nm,b,Two,second,Rome\n").ok(
        202
    )
    before = of_source(module_house, id)
    holder = {"name": fresh("Holder"), "owner": {"id": OWNER}, "entitlements": [{"id": before["a"]["id"]}]}
    role = module_house.admin.post("/roles", holder).ok(201)["id"]
    path = f"/v2025/entitlements/{before['b']['id']}"
    by_hand = module_house.admin.patch(
        path, replace("/name", "By hand"), headers={"content-type": "application/json-patch+json"}
    ).ok()

    reply = send(module_house.admin, id, f"value,attribute,name,id\na,m,Eins,{before['a']['id'].upper()}\nb,m,Zwei,\n")

    after = of_source(module_house, id)
    assert task(module_house, reply)["summary"] == "0 created, 1 updated, 1 unchanged"
    assert after["a"]["name"] == "Eins"
    assert after["a"]["description"] == "first"
    assert after["a"]["id"] == before["a"]["id"]
    assert after["b"] == by_hand
    assert module_house.admin.get(f"/roles/{role}").ok()["entitlements"][0]["name"] == "Eins"


def test_an_import_of_the_same_file_changes_nothing(module_house: House) -> None:
    id = source(module_house)
    csv = "attribute,value,name,tags,owner,site\n" + "".join(f"m,v{n},Name {n},x|y,admin,Oslo\n" for n in range(700))
    send(module_house.admin, id, csv).ok(202)
    before = of_source(module_house, id)

    reply = send(module_house.admin, id, csv)

    assert task(module_house, reply)["summary"] == "0 created, 0 updated, 700 unchanged"
    assert of_source(module_house, id) == before


def test_a_subadmin_loads_into_his_own_source_only(module_house: House) -> None:
    owner = module_house.admin.get(f"/sources/{SOURCE}").ok()["owner"]["id"]
    alias = module_house.admin.get(f"/identities/{owner}").ok()["alias"]
    subadmin = module_house.as_("SOURCE_SUBADMIN", alias=alias)
    csv = f"attribute,value\nmemberOf,{fresh('CN=new')}\n"

    assert send(subadmin, SOURCE, csv, "file").status == 202
    refused = send(subadmin, source(module_house), csv, "file")

    assert refused.status == 403
    assert cause(refused, None) == "a SOURCE_SUBADMIN works on sources that he owns himself"


@pytest.mark.parametrize(
    ("content", "headers", "text"),
    [
        (b"", {}, "header Content-Type: the content type '' is not accepted (multipart/form-data)"),
        (b"{}", {"content-type": "application/json"}, "the content type 'application/json' is not accepted"),
        (b"x", {"content-type": "multipart/form-data"}, "the body is no multipart/form-data"),
        (b"x", FORM, "the body is no multipart/form-data"),
        (multipart({"csvFile": b"attribute,value\n"})[:-30], FORM, "its last boundary is missing (is it cut off?)"),
        (multipart({"file": b"attribute,value\n"}), FORM, "the part 'csvFile' is missing (parts sent: 'file')"),
        (multipart([("csvFile", b"a"), ("csvFile", b"a")]), FORM, "body: the part 'csvFile' is sent twice"),
        (multipart({"csvFile": b"name,value\n"}), FORM, "line 1: the column 'attribute' is missing"),
        (multipart({"csvFile": b""}), FORM, "line 1: the column 'attribute' is missing"),
        (multipart({str(n): b"" for n in range(21)}), FORM, "there are too many parts"),
    ],
)
def test_a_body_that_holds_no_file_is_refused(
    module_house: House, content: bytes, headers: dict[str, str], text: str
) -> None:
    before = module_house.digest()

    reply = module_house.admin.post(WAYS["csvFile"].format(SOURCE), content=content, headers=headers)

    assert reply.status == 400
    assert text in cause(reply, None)
    assert module_house.digest() == before


def test_a_body_above_the_limit_is_refused_before_it_is_read(module_house: House) -> None:
    headers = FORM | {"content-length": str(65 * 1024 * 1024)}

    reply = module_house.admin.post(WAYS["file"].format(SOURCE), content=b"--", headers=headers)

    assert cause(reply, None) == "body: the body has 68157440 bytes (at most 67108864)"


# --- reset ---------------------------------------------------------------------------------------------


def test_a_reset_takes_all_entitlements_of_a_source(module_house: House) -> None:
    id = source(module_house)
    send(module_house.admin, id, "attribute,value\n" + "".join(f"m,v{n}\n" for n in range(450))).ok(202)
    one = next(iter(of_source(module_house, id).values()))["id"]
    config = f"/entitlements/{one}/entitlement-request-config"
    module_house.admin("PUT", config, {"accessRequestConfig": {"requireEndDate": True}}).ok()
    others = module_house.tenant.objects.count(module_house.store.read(), Kind.ENTITLEMENT) - 450

    answer = module_house.admin.post(f"/v2025/entitlements/reset/sources/{id}").ok(202)

    assert of_source(module_house, id) == {}
    assert module_house.tenant.objects.count(module_house.store.read(), Kind.ENTITLEMENT) == others
    assert (answer["type"], answer["name"]) == ("TASK_RESULT", "Entitlement Source Reset")
    assert module_house.admin.get(f"/v2025/task-status/{answer['id']}").ok()["completionStatus"] == "SUCCESS"
    orphans = "SELECT 1 FROM request_config r LEFT JOIN object o USING (rid) WHERE o.rid IS NULL"
    assert not list(module_house.store.read().execute(orphans))


def test_a_reset_is_refused_while_somebody_holds_an_entitlement(module_house: House) -> None:
    id = source(module_house)
    held = entitlement(module_house, source={"id": id, "type": "SOURCE", "name": "x"})
    body = {"name": fresh("Holder"), "owner": {"id": OWNER}, "entitlements": [{"id": held}]}
    holder = module_house.admin.post("/roles", body).ok(201)
    before = module_house.digest()

    reply = module_house.admin.post(f"/v2025/entitlements/reset/sources/{id}")

    assert f"are in use: role {holder['name']!r} ({holder['id']})" in cause(reply, None)
    assert module_house.digest() == before
