"""What a person sees in a browser: TensorBoard's pages and the report, in headless Chromium.

Needs Debian's chromium and chromium-driver, and `pip install -e '.[browser]'`.
"""

import io
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from tests._run import free_port, toysuper

webdriver = pytest.importorskip("selenium.webdriver")
axe = pytest.importorskip("axe_core_python.selenium")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DRIVER, reason="needs chromium and chromium-driver"),
    pytest.mark.xdist_group("browser"),
]

CONFIG = """
model:
  variant: {class_path: ReLUOutputModel, init_args: {hidden: 3}}
  jit: false
data: {n: 4, epoch: 100, eval_batches: 2, grid: {density: [0.6, 0.3], seed: [0, 1]}}
history: {num: 10}
figures:
  draw: [toysuper.figures.directions_3d, toysuper.figures.gram]
  animate: [toysuper.figures.directions_3d]
claims: {check: [toysuper.claims.invariance]}
trainer: {max_steps: 500}
"""

SEEN = """
const found = {text: "", paths: 0, images: 0};
const look = node => {
  if (node.nodeType === 3) { found.text += node.textContent + " "; return; }
  if (node.nodeType !== 1 && node.nodeType !== 11) return;
  if (["STYLE", "SCRIPT", "TEMPLATE"].includes(node.nodeName)) return;
  if (node.nodeName === "path" && node.getAttribute("d")) found.paths += 1;
  if (node.nodeName === "IMG" && node.naturalWidth > 100) found.images += 1;
  if (node.shadowRoot) look(node.shadowRoot);
  if (node.nodeName === "IFRAME" && node.contentDocument) look(node.contentDocument.body);
  node.childNodes.forEach(look);
};
look(document.body);
return JSON.stringify(found);
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "small.yaml").write_text(CONFIG)
    result = toysuper("fit", "--config", "small.yaml", cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "runs"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    for option in ("--headless=new", "--no-sandbox", "--window-size=1400,1400"):
        options.add_argument(option)
    for option in ("--use-angle=swiftshader", "--enable-unsafe-swiftshader"):  # WebGL on a CPU
        options.add_argument(option)
    service = webdriver.ChromeService(DRIVER)
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver


@pytest.fixture(scope="module")
def tensorboard(runs: Path) -> Iterator[str]:
    url = f"http://localhost:{(port := free_port())}"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", runs, "--port", str(port)]
    process = subprocess.Popen([*command, "--load_fast=false"], stderr=subprocess.DEVNULL)
    try:
        _until(lambda: json.load(urlopen(f"{url}/data/runs")))
        yield url
    finally:
        process.terminate()
        process.wait()


def _until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What a page shows, as soon as it does."""
    end = time.monotonic() + seconds
    while True:
        try:
            if answer := found():
                return answer
        except OSError:
            pass
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.5)


PAGES = {
    "custom_scalars": ("Front page", "held-out loss", "features represented", "density=0.6"),
    "images": ("directions_3d", "gram"),
    "histograms": ("dimensionality", "superposition"),
    "mesh": ("polyhedron density=0.6",),
    "projector": ("Points: 4", "density=0.3"),
    "hparams": ("density", "final/held_out_loss", "final/represented"),
    "text": ("x' = ReLU(Wᵀ W x + b)", "toysuper.models.ReLUOutputModel", "toysuper 0.", "INV"),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_tensorboard_shows_its_content(page: str, browser, tensorboard: str) -> None:
    browser.get("about:blank")
    browser.get(f"{tensorboard}/#{page}")

    def seen() -> dict:
        found = json.loads(browser.execute_script(SEEN))
        return {**found, "text": " ".join(found["text"].split())}

    def complete() -> bool:
        return all(words in seen()["text"] for words in PAGES[page])

    _until(complete)
    if page == "images":
        _until(lambda: seen()["images"] >= 2)
    if page in ("custom_scalars", "histograms"):
        _until(lambda: seen()["paths"] >= 10)
    if page in ("mesh", "projector"):
        _until(lambda: _colours(browser) > 50)


def _colours(browser: Any) -> int:
    """How many colours the middle of the page has; a blank one has a few."""
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    width, height = picture.size
    middle = picture.crop((width // 3, height // 4, width * 4 // 5, height * 9 // 10))
    return len(np.unique(np.asarray(middle).reshape(-1, 3), axis=0))


@pytest.fixture(scope="module")
def report(runs: Path) -> str:
    from toysuper.cli.report.write import main

    main([str(runs)])
    return (runs / "report.html").as_uri()


@pytest.mark.parametrize("width", [1100, 390], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_for_everybody(browser, report: str, scheme: str, width: int) -> None:
    preferred = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": preferred})
    size = {"width": width, "height": 1200, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(report)
    found = axe.Axe().run(browser)
    assert [problem["id"] for problem in found["violations"]] == [] and len(found["passes"]) > 20
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width, "nothing to scroll sideways but figures"


def test_the_report_loads_without_network(browser, report: str) -> None:
    browser.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    try:
        browser.get(report)
        widths = "return [...document.images].map(i => i.complete * i.naturalWidth)"
        assert len(browser.execute_script(widths)) == 3
        assert all(width > 100 for width in browser.execute_script(widths))
    finally:
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})


def test_a_page_that_cannot_be_read_is_noticed(browser, tmp_path: Path) -> None:
    """A control for the accessibility check."""
    bad = tmp_path / "bad.html"
    bad.write_text("<html><img src='data:,'><p style='color:#ccc;background:#fff'>faint</p></html>")
    browser.get(bad.as_uri())
    problems = {problem["id"] for problem in axe.Axe().run(browser)["violations"]}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= problems
