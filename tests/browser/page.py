"""The page in a browser: what a reader does, and what can be seen of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

WAIT_SECONDS = 20
POLL_SECONDS = 0.05
RESULT = ".answer, .abstention, .problem"


class Page:
    """One browser on one service."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self.tolerated = ""

    def open(self, path: str = "/") -> None:
        """Goes to a path of the service, from a blank page: a new fragment alone would not load it again."""
        self.driver.get("about:blank")
        self.driver.get(self.url + path)

    def open_question(self, question: str, **query: str) -> None:
        """Opens the link that asks the question, and waits for what becomes of it."""
        self.open("/?" + urlencode({"q": question, **query}))
        self.wait_for(RESULT)

    def ask(self, question: str) -> None:
        """Types the question and presses Enter, and waits for what becomes of it."""
        field = self.find("#question")
        field.clear()
        field.send_keys(question, Keys.ENTER)
        self.wait_for(RESULT)

    @contextmanager
    def replying(self, reply: Mapping[str, object]) -> Iterator[None]:
        """Pages opened inside get this reply from /v1/ask, whatever they ask."""
        source = (
            f"const reply = {json.dumps(reply)}; const real = window.fetch;"
            "window.fetch = async (path, options) => path === 'v1/ask' ? Response.json(reply) : real(path, options);"
        )
        added = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    def find(self, selector: str) -> WebElement:
        """The first match, visible or not."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait_for(self, selector: str) -> WebElement:
        """The first visible match, as soon as there is one and the page waits for nothing."""

        def visible(driver: Chrome) -> WebElement | bool:
            if driver.find_elements(By.CSS_SELECTOR, "#result[aria-busy=true]"):
                return False
            matches = driver.find_elements(By.CSS_SELECTOR, selector)
            return next((match for match in matches if match.is_displayed()), False)

        # An element that is replaced while it is looked at is looked for again.
        wait = WebDriverWait(
            self.driver, WAIT_SECONDS, POLL_SECONDS, ignored_exceptions=[StaleElementReferenceException]
        )
        found = wait.until(visible, f"nothing visible matches {selector}")
        assert isinstance(found, WebElement)
        return found

    def wait_until(self, expression: str) -> None:
        """Returns when the JavaScript expression is true."""
        WebDriverWait(self.driver, WAIT_SECONDS, POLL_SECONDS).until(
            lambda _: self.js(f"return Boolean({expression})"), expression
        )

    def open_citation(self) -> None:
        """Clicks the quote of the best answer."""
        self.find(".best .sources blockquote a").click()
        self.wait_for("#article mark.current")

    def js(self, script: str, *arguments: object) -> Any:
        """What the script returns."""
        return self.driver.execute_script(script, *arguments)

    def texts(self, selector: str) -> list[str]:
        """The text content of every match, to the character."""
        found: list[str] = self.js(
            "return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)", selector
        )
        return found

    def attribute(self, selector: str, name: str) -> str:
        """An attribute of the first match; empty if it has none."""
        return self.find(selector).get_dom_attribute(name) or ""

    def marked(self) -> str:
        """The words highlighted in the open article."""
        return "".join(self.texts("#article mark.current"))

    def resize(self, width: int, *, height: int = 860) -> None:
        """Makes the window that large, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, **features: str) -> None:
        """Sets what the reader prefers: ``color_scheme="dark"``, ``reduced_motion="reduce"``."""
        values = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": values})

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        width: int = self.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def press(self, *keys: str) -> None:
        """Sends keys to whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def console(self) -> list[str]:
        """What the console complained of since it was last looked at."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            if entry["level"] in {"SEVERE", "WARNING"}
        ]

    def requests(self) -> Iterator[str]:
        """The addresses asked for since this was last looked at."""
        for entry in self.driver.get_log("performance"):  # type: ignore[no-untyped-call]
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                yield message["params"]["request"]["url"]

    def foreign_requests(self) -> list[str]:
        """Those that went to another host."""
        own = urlsplit(self.url).netloc
        return [url for url in self.requests() if urlsplit(url).scheme != "data" and urlsplit(url).netloc != own]
