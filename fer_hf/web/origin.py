"""Whether a WebSocket was opened by the page itself. Browsers let any page of the web open one to any host.

That the origin and the `Host` header agree is not enough: a stranger's page whose name suddenly resolves to this
machine (DNS rebinding) sends its own name in both. So the name must be one under which the page is known to be served:
loopback, GRADIO_SERVER_NAME, SPACE_HOST (set on a Space of the Hub) and those in FER_ALLOWED_HOSTS, separated by
commas. A page that listens on all addresses is also reached by each of them, and an address cannot be rebound.
"""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

ALL_ADDRESSES = ("0.0.0.0", "::")


def is_our_page(headers: Mapping[str, str]) -> bool:
    """Whether these headers come from the page, or from a program, which sends no origin."""
    origin = headers.get("origin")
    try:
        return origin is None or _is_ours(urlsplit(origin), headers)
    except ValueError:  # brackets that hold no IPv6 address
        return False


def _is_ours(origin: SplitResult, headers: Mapping[str, str]) -> bool:
    hosts, forwarded = [headers.get("host")], headers.get("x-forwarded-host")
    if forwarded and _name(forwarded) in _listed():  # by a proxy in front of the page
        hosts.append(forwarded)
    return origin.netloc in hosts and _is_served_as(origin.hostname or "")


def _is_served_as(name: str) -> bool:
    bound = os.environ.get("GRADIO_SERVER_NAME", "").strip("[]").lower()
    if name in ("localhost", bound, *_listed()):
        return bool(name)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or bound in ALL_ADDRESSES


def _listed() -> list[str]:
    """Names that the environment gives to the page."""
    names = [os.environ.get("SPACE_HOST", ""), *os.environ.get("FER_ALLOWED_HOSTS", "").split(",")]
    return [_name(name) for name in names if name.strip()]


def _name(host: str) -> str:
    """A host without its port, in lower case."""
    return urlsplit(f"//{host.strip()}").hostname or ""
