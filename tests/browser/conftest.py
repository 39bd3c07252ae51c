"""A real service on a free port and a real browser; every test also checks the console and the network."""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from rag.api.app import create_app
from rag.settings import load
from tests.browser.archive import ARTICLES
from tests.browser.page import Page

START_SECONDS = 120


@contextmanager
def serving(folder: Path, **settings: object) -> Iterator[str]:
    """The address of a service over an index in the folder."""
    app = create_app(load({"index": folder, **settings}, environ={}))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", ws="none", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            httpx2.get(f"{url}/healthz", timeout=START_SECONDS).raise_for_status()
            yield url
        finally:
            server.should_exit = True
            thread.join(timeout=START_SECONDS)


@contextmanager
def serving_articles(folder: Path, **settings: object) -> Iterator[str]:
    """The address of a service that holds the articles of the tests."""
    with serving(folder, **settings) as url:
        reply = httpx2.post(f"{url}/v1/articles", json={"articles": ARTICLES}, timeout=START_SECONDS)
        assert reply.json()["added"] == len(ARTICLES), reply.text
        yield url


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that needs no model and answers whatever it can."""
    folder = tmp_path_factory.mktemp("index")
    with serving_articles(folder, embedder="hashing", reader="overlap", min_probability=0.0) as address:
        yield address


@pytest.fixture(scope="session")
def strict_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that is never sure enough to answer."""
    folder = tmp_path_factory.mktemp("strict")
    with serving_articles(folder, embedder="hashing", reader="overlap", min_probability=1.0) as address:
        yield address


@pytest.fixture(scope="session")
def empty_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service without an index."""
    with serving(tmp_path_factory.mktemp("empty"), embedder="hashing", reader="overlap") as address:
        yield address


@pytest.fixture(scope="session")
def model_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with the shipped models."""
    with serving_articles(tmp_path_factory.mktemp("models")) as address:
        yield address


@pytest.fixture(scope="session")
def driver() -> Iterator[Chrome]:
    """Chromium without a window; without Chromium the tests are skipped, or fail where ``CI`` is set."""
    browser, service = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not service:
        message = "the page is NOT TESTED: install chromium and chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    options = ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--lang=en"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=Service(service))
    yield chrome
    chrome.quit()


@contextmanager
def watched(driver: Chrome, url: str) -> Iterator[Page]:
    """The page of a service; at the end the console must be silent and nothing asked of other hosts."""
    page = Page(driver, url)
    page.resize(1280)
    page.prefer(color_scheme="light", reduced_motion="reduce")
    driver.get("about:blank")
    page.console()
    list(page.requests())
    yield page
    complaints = [line for line in page.console() if not (page.tolerated and page.tolerated in line)]
    assert complaints == []
    assert page.foreign_requests() == []


@pytest.fixture
def page(driver: Chrome, url: str) -> Iterator[Page]:
    """The page over the articles of the tests, not opened yet."""
    with watched(driver, url) as page:
        yield page


@pytest.fixture
def strict_page(driver: Chrome, strict_url: str) -> Iterator[Page]:
    """The page of a service that never answers."""
    with watched(driver, strict_url) as page:
        yield page


@pytest.fixture
def empty_page(driver: Chrome, empty_url: str) -> Iterator[Page]:
    """The page of a service without an index."""
    with watched(driver, empty_url) as page:
        page.tolerated = "status of 404"
        yield page


@pytest.fixture
def model_page(driver: Chrome, model_url: str) -> Iterator[Page]:
    """The page of a service with the shipped models."""
    with watched(driver, model_url) as page:
        yield page
