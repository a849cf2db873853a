"""/v1/events and /v1/webhook_endpoints."""

from fnmatch import fnmatch
from typing import Any, Final

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import PAGING, Call, find, page, route
from rehearsal.stripe_double.errors import invalid
from rehearsal.stripe_double.events import body
from rehearsal.stripe_double.objects import webhook_endpoint as build
from rehearsal.stripe_double.store import Document

MAX_TYPES: Final = 20
_WRITES: Final = "url enabled_events description metadata disabled"


def event(call: Call) -> Document:
    """One event in the shape of its creation, whatever version is asked for."""
    return _as_made(body(find(call, "event", call.at["id"])))


def events(call: Call) -> Document:
    """Events of the last thirty days by type (`*` allowed), creation and delivery."""
    types = [str(name) for name in forms.many(call.params, "types")]
    if len(types) > MAX_TYPES:
        raise invalid("You may pass up to 20 event types.", param="types")
    if single := forms.text(call.params, "type"):
        types.append(single)
    delivered = forms.flag(call.params, "delivery_success")
    found = page(
        call,
        "event",
        keep=lambda event: (
            (not types or _named(event["type"], types))
            and (delivered is None or event["_delivered"] is delivered)
        ),
    )
    found["data"] = [_as_made(body(event)) for event in found["data"]]
    return found


def _as_made(event: dict[str, Any]) -> Document:
    """Marked so that rendering leaves the frozen snapshot alone."""
    return {**event, "_frozen": True}


def _named(kind: str, types: list[str]) -> bool:
    return any(fnmatch(kind, name) for name in types)


def create(call: Call) -> Document:
    """A new endpoint; its secret is shown this once, its version never changes."""
    url = forms.needed(call.params, "url")
    if not url.startswith(("http://", "https://")):
        raise invalid("Invalid URL: an explicit scheme must be provided.", "url_invalid", "url")
    wanted = [str(name) for name in forms.many(call.params, "enabled_events")]
    if not wanted:
        raise invalid(
            "Missing required param: enabled_events.", "parameter_missing", "enabled_events"
        )
    made = build(call.world, call.account, url, wanted)
    made["api_version"] = forms.text(call.params, "api_version")
    made["_connect"] = forms.flag(call.params, "connect") or False
    made["description"] = forms.text(call.params, "description")
    made["metadata"] = forms.merge_metadata({}, call.params)
    call.world.store.insert(made)
    return {**made, "secret": made["_secrets"][0]}


def retrieve(call: Call) -> Document:
    """One endpoint, without its secret."""
    return find(call, "webhook_endpoint", call.at["id"])


def update(call: Call) -> Document:
    """Change where and what; never the version."""
    found = find(call, "webhook_endpoint", call.at["id"])
    if url := forms.text(call.params, "url"):
        found["url"] = url
    if wanted := forms.many(call.params, "enabled_events"):
        found["enabled_events"] = [str(name) for name in wanted]
    if (off := forms.flag(call.params, "disabled")) is not None:
        found["status"] = "disabled" if off else "enabled"
    if "description" in call.params:
        found["description"] = forms.text(call.params, "description")
    found["metadata"] = forms.merge_metadata(found["metadata"], call.params)
    call.world.store.touch(found)
    return found


def delete(call: Call) -> Document:
    """Remove it; what was still to be delivered there is not."""
    found = find(call, "webhook_endpoint", call.at["id"])
    call.world.store.drop(found)
    return {"id": found["id"], "object": "webhook_endpoint", "deleted": True}


ROUTES: Final = (
    route("GET", "/v1/events", events, f"{PAGING} created type types delivery_success"),
    route("GET", "/v1/events/{id}", event),
    route("POST", "/v1/webhook_endpoints", create,
          "url enabled_events api_version connect description metadata"),
    route("GET", "/v1/webhook_endpoints", lambda call: page(call, "webhook_endpoint"), PAGING),
    route("GET", "/v1/webhook_endpoints/{id}", retrieve),
    route("POST", "/v1/webhook_endpoints/{id}", update, _WRITES),
    route("DELETE", "/v1/webhook_endpoints/{id}", delete),
)  # fmt: skip
