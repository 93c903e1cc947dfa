"""The studio's page in a real browser, as the tests use it."""

import json
import urllib.request
from typing import Any

from tests.browser import Browser, wait_until
from tests.javascript import VIEWER
from tests.requirements import skip_without

CALM = [{"name": "prefers-reduced-motion", "value": "reduce"}]
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


def element(name: str) -> str:
    """JavaScript for the element with an id."""
    return f"document.getElementById({json.dumps(name)})"


class Studio:
    """A tab with the studio in it. Motions stand still until they are played, which spares the machine."""

    def __init__(self, browser: Browser, address: str, *, calm: bool = True) -> None:
        self.browser, self.address = browser, address
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            browser.call(f"{domain}.enable")
        browser.call("Emulation.setEmulatedMedia", features=CALM if calm else [])

    def open(self, fragment: str = "") -> "Studio":
        self.browser.open("about:blank")
        self.browser.open(f"{self.address}/{fragment}")
        wait_until(lambda: self.evaluate("document.body?.dataset.ready") == "true")
        return self

    def evaluate(self, expression: str) -> Any:
        return self.browser.evaluate(expression)

    def text(self, name: str) -> str:
        return str(self.evaluate(f"{element(name)}.innerText"))

    def shown(self, name: str) -> bool:
        return bool(self.evaluate(f"{element(name)}.checkVisibility()"))

    def fill(self, name: str, text: str) -> None:
        self.browser.fill(element(name), text)

    def choose(self, name: str, value: str) -> None:
        """Choose of a list, as a person would."""
        change = f"e.value = {json.dumps(value)}; e.dispatchEvent(new Event('change'))"
        self.evaluate(f"(e => {{ {change} }})({element(name)})")

    def click(self, name: str) -> None:
        self.evaluate(f"{element(name)}.scrollIntoView({{ block: 'nearest' }})")
        self.browser.click(element(name))

    def generate(self) -> dict[str, Any]:
        """Press the button and wait; the first motion as the server describes it."""
        self.click("generate")
        return self.result()

    def result(self) -> dict[str, Any]:
        """Wait for what was asked for; the first motion as the server describes it."""
        wait_until(lambda: self.text("status").startswith("Done") or bool(self.errors()))
        assert not self.errors()
        answers = [event["response"]["url"] for event in self.browser.events("Network.responseReceived")]
        made = next(url for url in reversed(answers) if url.endswith(".glb"))
        return dict(read(made.removesuffix(".glb")))

    def errors(self) -> dict[str, str]:
        """Every line on the page that says what is wrong, by its id."""
        lines = self.evaluate("[...document.querySelectorAll('.error')].map(e => [e.id, e.textContent])")
        return {name: text for name, text in lines if text}

    def complaints(self) -> list[str]:
        """What the console says, but for answers that refuse something, which the page explains."""
        thrown = [str(event["exceptionDetails"]) for event in self.browser.events("Runtime.exceptionThrown")]
        said = [
            str(event["args"])
            for event in self.browser.events("Runtime.consoleAPICalled")
            if event["type"] in ("error", "warning", "assert")
        ]
        logged = [
            event["entry"]["text"]
            for event in self.browser.events("Log.entryAdded")
            if event["entry"]["level"] == "error" and "status of 4" not in event["entry"]["text"]
        ]
        return thrown + said + logged

    def elsewhere(self) -> set[str]:
        """Addresses outside the server that the page asked."""
        asked = {event["request"]["url"] for event in self.browser.events("Network.requestWillBeSent")}
        return {url for url in asked if not url.startswith((self.address, "blob:", "data:", "about:"))}

    def serious(self) -> list[str]:
        """What axe-core finds serious or critical in what is on the screen."""
        script = VIEWER / "node_modules" / "axe-core" / "axe.min.js"
        if not script.is_file():
            skip_without("needs the npm package axe-core: npm ci --prefix viewer")
        self.evaluate(script.read_text(encoding="utf-8"))
        report = self.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations)")
        return [
            f"{one['id']}: {[node['html'][:100] for node in one['nodes']]}"
            for one in report
            if one["impact"] in ("serious", "critical")
        ]


def read(address: str) -> Any:
    """An answer of the server."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.loads(answer.read())


def floor_places(studio: Studio, places: list[tuple[float, float]]) -> list[list[float]]:
    """Pixels on the stage, as shares of its width and height from its middle."""
    left, top, width, height = studio.evaluate(
        f"(r => [r.x, r.y, r.width, r.height])({element('view')}.getBoundingClientRect())"
    )
    return [[left + width * (0.5 + x), top + height * (0.5 + y)] for x, y in places]
