"""A server with the tiny pipeline, a client and a browser, which the tests share."""

from collections.abc import Iterator

import httpx
import pytest

from ram_sdk import RAMPipeline
from ram_sdk.studio.app import create_app
from ram_sdk.studio.schemas import Limits
from tests.browser import Browser, open_browser
from tests.studio.page import Studio
from tests.studio.serving import serving


@pytest.fixture(scope="module")
def address(pipeline: RAMPipeline) -> Iterator[str]:
    """Of a server that may be asked more often than people ask."""
    pipeline.set_progress_bar_config(disable=True)
    with serving(create_app(pipeline, Limits(rate=100_000), hosts=["ram.example.org"])) as one:
        yield one


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=120) as one:
        yield one


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("browser"), 1000, 700) as one:
        yield one


@pytest.fixture
def studio(browser: Browser, address: str) -> Iterator[Studio]:
    """The page, newly opened, in a tab of its own; at the end nothing may have gone wrong or out."""
    page = Studio(browser.tab(), address).open()
    yield page
    assert page.complaints() == []
    assert page.elsewhere() == set()
    page.browser.call("Page.close")
