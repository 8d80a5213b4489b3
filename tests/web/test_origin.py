"""Which pages may open the WebSocket."""

import pytest

from fer_hf.web.origin import is_our_page


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("GRADIO_SERVER_NAME", "SPACE_HOST", "FER_ALLOWED_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def asks(host, origin=None, forwarded=None):
    headers = {"host": host, "origin": origin or f"http://{host}"} | (
        {"x-forwarded-host": forwarded} if forwarded else {}
    )
    return is_our_page(headers)


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "127.3.2.1"])
def test_loopback_is_ours(host):
    assert asks(host)


def test_a_program_sends_no_origin():
    assert is_our_page({"host": "evil.example"})


def test_another_page_is_refused():
    assert not asks("127.0.0.1:7860", "https://evil.example")
    assert not asks("127.0.0.1:7860", "http://127.0.0.1:8000")  # another program on this machine


@pytest.mark.parametrize("host", ["evil.example:7860", "evil.example", "192.168.0.7:7860"])
def test_a_name_that_was_rebound_to_this_machine_is_refused(host):
    assert not asks(host)


def test_names_that_the_environment_gives_are_ours(environment):
    environment.setenv("GRADIO_SERVER_NAME", "192.168.0.7")
    environment.setenv("SPACE_HOST", "me-faces.hf.space")
    environment.setenv("FER_ALLOWED_HOSTS", "faces.example.org, Other.Example:8443")
    for host in ("192.168.0.7:7860", "me-faces.hf.space", "faces.example.org", "other.example:8443"):
        assert asks(host)
    assert not asks("evil.example") and not asks("192.168.0.8:7860")


@pytest.mark.parametrize("all_addresses", ["0.0.0.0", "::"])
def test_a_page_on_all_addresses_is_reached_by_each_but_not_by_any_name(environment, all_addresses):
    environment.setenv("GRADIO_SERVER_NAME", all_addresses)
    assert asks("192.168.0.7:7860") and asks("[fe80::1]:7860")
    assert not asks("evil.example:7860")


def test_what_a_proxy_forwards_counts_only_if_it_is_listed(environment):
    proxied = {"host": "10.0.0.1:7860", "origin": "https://faces.example.org", "forwarded": "faces.example.org"}
    assert not asks(**proxied)
    environment.setenv("FER_ALLOWED_HOSTS", "faces.example.org")
    assert asks(**proxied)


@pytest.mark.parametrize("origin", ["null", "", "file://", "http://", "http://[", "//"])
def test_an_origin_that_names_no_host_is_refused(origin):
    assert not is_our_page({"host": "127.0.0.1:7860", "origin": origin})
