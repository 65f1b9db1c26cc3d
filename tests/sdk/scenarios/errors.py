"""What a user of the SDK sees when a call is refused: the exception by status, and the parsed envelope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sdk.scenarios.bulk import submit
from tests.sdk.scenarios.client import Sdk


def refused(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        call()
    except Exception as error:
        status: int | None = getattr(error, "status", None)
        data: Any = getattr(error, "data", None)
        found: dict[str, Any] = {
            "exception": type(error).__name__,
            "status": status,
            "headers": dict(getattr(error, "headers", {})),
        }
        if hasattr(data, "messages"):
            found["envelope"] = {
                "detailCode": bool(data.detail_code),
                "trackingId": data.tracking_id,
                "locales": [[one.locale, str(one.locale_origin)] for one in data.messages],
                "causes": [one.text for one in data.causes or []],
            }
        return found
    return {"exception": None}


def scenario(sdk: Sdk) -> dict[str, Any]:
    unknown = "0" * 32
    broken = {"indices": ["roles"], "queryType": "SAILPOINT", "query": {"query": "name:(open"}}
    attribute = f"sdkErrors{sdk.generation}"
    sdk.make_attribute(attribute, ["one"])
    token = sdk.configuration.access_token
    results = {
        "unknown role": refused(lambda: sdk.call("roles", "get_role", unknown)),
        "unknown attribute": refused(lambda: sdk.call("metadata", "get_access_model_metadata_attribute", "nowhere")),
        "unknown id": refused(lambda: submit(sdk, "ids", "ADD", {attribute: ["one"]}, roles=[unknown])),
        "unknown value": refused(lambda: submit(sdk, "filter", "ADD", {attribute: ["nothing"]}, filters='name sw "A"')),
        "broken query": refused(lambda: submit(sdk, "query", "ADD", {attribute: ["one"]}, query=broken)),
    }
    sdk.configuration.access_token = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    results["forged token"] = refused(lambda: sdk.call("roles", "list_roles"))
    return results
