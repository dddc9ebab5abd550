"""Looks at the viewer of a running `casr serve` in Chromium, and takes pictures of it.

    python viewer.py http://127.0.0.1:8000/ pictures/

The folder that is served has an image of at least 400 pixels a side. Needs Playwright (`pip install playwright`) and Pillow; takes the Chromium
that CHROMIUM names, that is on the PATH, or Playwright's own. Ends with 1 where a check fails, and says which.
"""

import argparse
import json
import os
import re
import shutil
import sys
import time
import traceback
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import expect, sync_playwright

POLICY = "default-src 'self'; img-src 'self' data: blob:"
DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
# What the stage shows around an image.
GROUND = (13, 13, 13)
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def until(page, holds, message, seconds=20):
    """Waits for something that follows from what was done, as animations take their time."""
    end = time.monotonic() + seconds
    while not holds():
        must(time.monotonic() < end, message())
        page.wait_for_timeout(100)


def must(holds, message):
    if not holds:
        raise AssertionError(message)


class Site:
    """The server, the browser, and what every page of it does: keep to a strict policy, and complain of nothing."""

    def __init__(self, browser, base, out, patience):
        self.browser, self.base, self.out, self.patience = browser, base.rstrip("/"), out, patience * 1000
        self.complaints = []
        self.tolerated = []
        context = browser.new_context()
        listing = context.request.get(f"{self.base}/api/images?limit=1000").json()
        context.close()
        self.listing = listing
        self.image = next(image for image in listing["images"] if min(image["width"], image["height"]) >= 400)

    def page(self, **options):
        options.setdefault("viewport", DESKTOP)
        page = self.browser.new_context(**options).new_page()
        page.set_default_timeout(15_000)
        page.requested = []
        page.refused = []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("response", lambda response: response.status >= 400 and page.refused.append((response.status, response.url)))
        page.on("pageerror", lambda error: self.complain(f"exception: {error}"))
        page.on("console", lambda message: message.type in ("error", "warning") and self.complain(message.text))
        page.add_init_script("addEventListener('securitypolicyviolation', (event) => console.error('policy', event.violatedDirective, event.blockedURI))")
        page.route(lambda url: url.split("#")[0].rstrip("/") == self.base, self.strictly)
        return page

    def strictly(self, route):
        answer = route.fetch()
        route.fulfill(response=answer, headers={"content-security-policy": POLICY, **answer.headers})

    def complain(self, text):
        # A browser reports every answer of an error, and a busy server is none.
        if "status of 503" not in text and not any(part in text for part in self.tolerated):
            self.complaints.append(text)

    def link(self, zoom=None, x=0.5, y=0.45, look=None, split=None):
        at = f"at={round(self.image['width'] * x, 2):g},{round(self.image['height'] * y, 2):g}"
        parts = [at if zoom else "", f"zoom={zoom:g}" if zoom else "", f"look={look}" if look else "", f"split={split}" if split is not None else ""]
        return f"{self.base}/#/{self.image['id']}?{'&'.join(filter(None, parts))}"

    def open(self, page, **view):
        page.goto("about:blank")
        page.requested.clear()
        page.goto(self.link(**view))
        self.settle(page)

    def settle(self, page):
        """Waits for all tiles, and for the view to rest."""
        page.wait_for_timeout(400)
        page.wait_for_selector("#stage[aria-busy=false]", timeout=self.patience)
        page.wait_for_timeout(600)
        refused = [answer for answer in page.refused if answer[0] != 503 and not any(part in answer[1] for part in self.tolerated)]
        must(not refused, f"refused: {refused[:3]}")

    def picture(self, page, name):
        page.screenshot(path=self.out / f"{name}.png")

    def tiles(self, page, look=None):
        """Of the enlarged tiles that were asked for: how many pixels of the largest level one of theirs covers, across."""
        pattern = re.compile(rf"~[\d.]+~{look or '[^/]+'}/(\d+),\d+,(\d+),\d+/(\d+),\d+/0/")
        found = [pattern.search(url) for url in page.requested]
        return [int(match[2]) / int(match[3]) for match in found if match]

    def largest(self):
        return self.listing["max_factor"]


def stage(page):
    """The stage as an image, without what lies over it."""
    page.evaluate("document.querySelectorAll('.overview, .split, .progress-text, .progress-line').forEach((one) => one.style.setProperty('opacity', 0))")
    box = page.locator("#stage").bounding_box()
    shot = Image.open(BytesIO(page.screenshot(clip=box))).convert("RGB")
    page.evaluate("document.querySelectorAll('.overview, .split, .progress-text, .progress-line').forEach((one) => one.style.removeProperty('opacity'))")
    return shot


def difference(a, b):
    return sum(ImageStat.Stat(ImageChops.difference(a, b)).mean) / 3


def factor(page):
    return page.inner_text("#factor")


def fragment(page):
    return urlsplit(page.url).fragment


@check
def gallery_lists_the_folder(site):
    page = site.page()
    page.goto(f"{site.base}/")
    cards = page.locator(".card")
    expect(cards).to_have_count(min(len(site.listing["images"]), 60))
    first = site.listing["images"][0]
    expect(cards.first).to_contain_text(first["name"])
    expect(cards.first).to_contain_text(f"{first['width']} × {first['height']}")
    page.wait_for_function("() => [...document.querySelectorAll('.card img')].slice(0, 3).every((image) => image.complete && image.naturalWidth > 0)")
    site.picture(page, "gallery")


@check
def gallery_loads_page_after_page(site):
    page = site.page()
    images = [dict(site.image, name=f"{number:03}.png") for number in range(150)]

    def answer(route):
        query = urlsplit(route.request.url).query
        after = re.search(r"after=(\d+)", query)
        begin = int(after[1]) + 1 if after else 0
        rest = images[begin:begin + 60]
        after = rest[-1]["name"] if begin + 60 < len(images) else None
        route.fulfill(json=dict(site.listing, images=rest, next=after))

    page.route("**/api/images*", answer)
    page.goto(f"{site.base}/")
    expect(page.locator(".card")).to_have_count(60)
    page.locator(".card").last.scroll_into_view_if_needed()
    expect(page.locator(".card")).to_have_count(120)
    page.locator(".card").last.scroll_into_view_if_needed()
    expect(page.locator(".card")).to_have_count(150)
    expect(page.locator("#gallery-more")).to_be_hidden()


@check
def gallery_says_that_a_folder_is_empty(site):
    page = site.page()
    page.route("**/api/images*", lambda route: route.fulfill(json=dict(site.listing, images=[], next=None)))
    page.goto(f"{site.base}/")
    expect(page.locator("#gallery-message")).to_contain_text("no images in this folder")
    site.picture(page, "empty")


@check
def image_opens_at_once_and_becomes_sharp(site):
    page = site.page()
    page.goto(f"{site.base}/")
    page.locator(f'.card a[href="#/{site.image["id"]}"]').first.click()
    page.wait_for_timeout(500)
    limit = time.monotonic() + 15
    while sum(ImageStat.Stat(stage(page)).stddev) / 3 < 5:
        must(time.monotonic() < limit, "after 15 seconds nothing is to be seen")
        page.wait_for_timeout(300)
    site.settle(page)
    expect(page.locator("#picture-name")).to_have_text(site.image["name"])
    expect(page.locator("#picture-size")).to_have_text(f"{site.image['width']} × {site.image['height']}")
    expect(page.locator("#progress-text")).to_be_hidden()
    site.picture(page, "opened")


@check
def at_1_a_pixel_is_a_pixel(site):
    page = site.page(viewport={"width": site.image["width"] + 200, "height": site.image["height"] + 300})
    site.open(page, zoom=1)
    must(factor(page) == "×1", f"the factor is {factor(page)}")
    shot = stage(page)
    box = ImageChops.difference(shot, Image.new("RGB", shot.size, GROUND)).point(lambda value: 255 if value > 3 else 0).getbbox()
    size = (box[2] - box[0], box[3] - box[1])
    wanted = (site.image["width"], site.image["height"])
    must(all(abs(a - b) <= 2 for a, b in zip(size, wanted)), f"the image covers {size} pixels instead of {wanted}")
    must(not site.tiles(page), "at ×1 enlarged tiles are asked for")
    page.set_viewport_size(DESKTOP)
    site.settle(page)
    expect(page.locator("#progress-text")).to_be_hidden()
    site.picture(page, "x1")


@check
def at_8_and_64_the_level_of_that_factor_is_shown(site):
    page = site.page()
    for zoom in (8, 64):
        if zoom > site.largest():
            continue
        site.open(page, zoom=zoom)
        must(factor(page) == f"×{zoom}", f"the factor is {factor(page)} instead of ×{zoom}")
        levels = set(site.tiles(page))
        must(levels == {site.largest() / zoom}, f"at ×{zoom} tiles are asked for that are {sorted(levels)} times smaller than the largest level")
        site.picture(page, f"x{zoom}")
        sharp = stage(page)
        site.open(page, zoom=zoom, split=100)
        must(difference(sharp, stage(page)) > 0.3, f"at ×{zoom} CASR looks like interpolation")


@check
def keys_zoom_and_move(site):
    page = site.page()
    site.open(page, zoom=8)
    for key, wanted in (("+", "×16"), ("-", "×8"), ("-", "×4")):
        page.keyboard.press(key)
        until(page, lambda: factor(page) == wanted, lambda: f"after {key} the factor is {factor(page)} instead of {wanted}")

    def centre():
        return float(re.search(r"at=([\d.]+)", fragment(page))[1])

    before = centre()
    page.keyboard.press("ArrowRight")
    until(page, lambda: centre() > before + 10, lambda: f"an arrow key moves the centre from {before} to {centre()}")
    page.keyboard.press("0")
    until(page, lambda: factor(page) not in ("×4", "×8"), lambda: "0 does not show the whole image")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    site.picture(page, "help")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#gallery")).to_be_visible()


@check
def look_changes_tiles_and_nothing_else(site):
    page = site.page()
    site.open(page, zoom=8, look=site.listing["looks"][0])
    other = site.listing["looks"][-1]
    before, view = stage(page), fragment(page).replace(site.listing["looks"][0], "LOOK")
    page.requested.clear()
    page.get_by_text(other, exact=False).first.click()
    site.settle(page)
    must(set(site.tiles(page, other)) == {site.largest() / 8}, f"tiles of the look {other} are not asked for")
    must(fragment(page).replace(other, "LOOK") == view, f"the look moves the view from {view} to {fragment(page)}")
    must(difference(before, stage(page)) > 0.2, "the look changes no pixels")
    page.keyboard.press("l")
    page.wait_for_function("(look) => location.hash.includes(`look=${look}`)", arg=site.listing["looks"][0])


@check
def split_moves_by_keyboard_and_mouse(site):
    page = site.page()
    site.open(page, zoom=8)
    sharp = stage(page)
    page.keyboard.press("s")
    handle = page.locator("#split-handle")
    expect(handle).to_be_focused()
    expect(handle).to_have_attribute("aria-valuenow", "50")
    site.settle(page)
    site.picture(page, "split")
    halves = stage(page)
    width, height = sharp.size
    left, right = (0, 0, width // 2 - 4, height), (width // 2 + 4, 0, width, height)
    must(difference(sharp.crop(left), halves.crop(left)) > 0.3, "left of the border is no interpolation")
    must(difference(sharp.crop(right), halves.crop(right)) < 0.3, "right of the border is not CASR")
    for key, wanted in (("ArrowRight", 52), ("ArrowRight", 54), ("ArrowLeft", 52), ("PageUp", 62), ("End", 100), ("Home", 0)):
        page.keyboard.press(key)
        expect(handle).to_have_attribute("aria-valuenow", str(wanted))
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 300, steps=5)
    page.mouse.up()
    expect(handle).to_have_attribute("aria-valuenow", "30")
    page.keyboard.press("s")
    expect(page.locator("#split")).to_be_hidden()


@check
def link_restores_the_view(site):
    page = site.page()
    look = site.listing["looks"][0]
    site.open(page, zoom=6.5, x=0.4, look=look, split=30)
    kept = fragment(page)
    for part in ("zoom=6.5", f"look={look}", "split=30", f"at={round(site.image['width'] * 0.4, 2):g},"):
        must(part in kept, f"{part} is not in {kept}")
    page.goto("about:blank")
    page.goto(f"{site.base}/#{kept}")
    site.settle(page)
    must(fragment(page) == kept, f"{kept} became {fragment(page)}")
    must(factor(page) == "×6.5", f"the factor is {factor(page)}")
    expect(page.locator("#split-handle")).to_have_attribute("aria-valuenow", "30")
    expect(page.locator(f"#look-{look}")).to_be_checked()
    page.locator("#back").click()
    expect(page.locator("#gallery")).to_be_visible()
    page.go_back()
    site.settle(page)
    must(fragment(page) == kept, f"back leads to {fragment(page)}")
    page.go_forward()
    expect(page.locator("#gallery")).to_be_visible()


@check
def download_is_what_is_visible(site):
    page = site.page()
    site.open(page, zoom=4.5, look=site.listing["looks"][-1])
    button = page.locator("#download")
    address = button.get_attribute("href")
    match = re.fullmatch(re.escape(f"{site.base}/iiif/{site.image['id']}~4.5~{site.listing['looks'][-1]}/") + r"(\d+),(\d+),(\d+),(\d+)/(\d+),(\d+)/0/default\.png\?download", address)
    must(match, f"the link of the download is {address}")
    x, y, width, height, across, down = map(int, match.groups())
    must((width, height) == (across, down), f"the size differs from the region: {address}")
    box = page.locator("#stage").bounding_box()
    must(abs(width - min(box["width"], site.image["width"] * 4.5)) <= 1, f"{width} pixels of {box['width']} are downloaded")
    must(abs(x + width / 2 - site.image["width"] * 4.5 * 0.5) <= 1, f"the region is not in the middle: {address}")
    expect(page.locator("#download-size")).to_have_text(f"{width} × {height}")
    with page.expect_download(timeout=site.patience) as download:
        button.click()
    name = Path(site.image["name"]).stem
    must(re.fullmatch(rf"{re.escape(name)}-x4\.5-\w+-\d+,\d+,{width}x{height}\.png", download.value.suggested_filename), f"the file is {download.value.suggested_filename}")
    with Image.open(download.value.path()) as image:
        must(image.size == (width, height), f"the file has {image.size} pixels instead of {(width, height)}")
        must(difference(image.convert("RGB"), stage(page).resize(image.size)) < 12, "the file does not show what the stage shows")


@check
def download_beyond_the_limit_says_why(site):
    page = site.page()

    def small(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps(dict(answer.json(), maxArea=300_000)))

    page.route("**/info.json", small)
    site.open(page, zoom=8)
    button = page.locator("#download")
    expect(button).to_have_attribute("aria-disabled", "true")
    must(button.get_attribute("href") is None, "a download beyond the limit has a link")
    button.click(force=True)
    expect(page.locator("#notice")).to_contain_text("the server allows 0.3 megapixels")


@check
def busy_server_is_asked_again_quietly(site):
    page = site.page()
    refused = []

    def busy(route):
        if len(refused) < 3:
            refused.append(route.request.url)
            route.fulfill(status=503, headers={"Retry-After": "1"}, body="busy")
        else:
            route.fallback()

    page.route("**/iiif/*~*/0/*", busy)
    page.route("**/iiif/*~*/*/*/0/*", busy)
    site.open(page, zoom=4)
    must(len(refused) == 3, "no tile was refused")
    must(all(page.requested.count(url) >= 2 for url in refused), "a refused tile was not asked for again")
    expect(page.locator("#notice")).to_be_hidden()


@check
def server_that_is_gone_is_named_and_waited_for(site):
    page = site.page()
    site.tolerated = ["ERR_CONNECTION_REFUSED"]
    site.open(page, zoom=2)
    page.route("**/iiif/**", lambda route: route.abort("connectionrefused"))
    page.keyboard.press("+")
    expect(page.locator("#notice")).to_contain_text("does not answer")
    site.picture(page, "gone")
    page.unroute("**/iiif/**")
    expect(page.locator("#notice")).to_be_hidden()
    site.settle(page)


@check
def image_that_vanished_is_named(site):
    page = site.page()
    site.tolerated = ["404"]
    page.goto(f"{site.base}/#/no-such-image.png")
    expect(page.locator("#notice")).to_contain_text("not in the folder")
    site.picture(page, "vanished")
    page.get_by_role("button", name="Back to the gallery").click()
    expect(page.locator(".card").first).to_be_visible()


@check
def image_that_is_sent_opens(site):
    page = site.page()
    page.goto(f"{site.base}/")
    expect(page.locator(".card").first).to_be_visible()
    uploads = site.listing["uploads"]
    expect(page.locator("#upload")).to_be_visible(visible=uploads is not None)
    if uploads is None:
        return
    site.picture(page, "upload-gallery")
    drag(page, "dragenter", b"", "")
    expect(page.locator("#drop")).to_be_visible()
    expect(page.locator("#drop")).to_contain_text("is kept for")
    site.picture(page, "upload-drop")
    page.evaluate("dispatchEvent(new DragEvent('dragleave'))")
    expect(page.locator("#drop")).to_be_hidden()

    # Something else than an image is refused in words.
    site.tolerated = ["415", f"{site.base}/images"]
    drag(page, "drop", b"only words, whatever it is called", "words.png")
    expect(page.locator("#upload-state")).to_contain_text("not an image")
    site.picture(page, "upload-refused")
    page.locator("#upload-state button").click()
    expect(page.locator("#upload-state")).to_be_hidden()
    must("#/" not in page.url, f"words are shown at {page.url}")

    picture = Image.radial_gradient("L").resize((600, 400)).convert("RGB")
    content = BytesIO()
    picture.save(content, "png")
    drag(page, "drop", content.getvalue(), "ring & dot.png")
    expect(page.locator("#picture-name")).to_have_text("ring & dot.png")
    expect(page.locator("#picture-size")).to_have_text("600 × 400")
    site.settle(page)
    must("#/upload-" in page.url, f"an image that was sent is shown at {page.url}")
    must(sum(ImageStat.Stat(stage(page)).stddev) / 3 > 20, "nothing of it is to be seen")
    site.picture(page, "upload-opened")
    page.reload()
    site.settle(page)
    expect(page.locator("#picture-name")).to_have_text("ring & dot.png")
    must(page.get_attribute("#download", "download").startswith("ring & dot"), "a download of it has another name")

    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(min(len(site.listing["images"]), 60))
    with page.expect_file_chooser() as chooser:
        page.locator("#upload").click()
    chooser.value.set_files({"name": "again.png", "mimeType": "image/png", "buffer": content.getvalue()})
    expect(page.locator("#picture-name")).to_have_text("again.png")
    site.settle(page)


def drag(page, kind, content, name):
    """An event of a file that is dragged over the page or dropped on it."""
    page.evaluate("""([kind, content, name]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content)], name));
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }""", [kind, list(content), name])


@check
def controls_have_names(site):
    page = site.page()
    site.open(page, zoom=8, split=50)
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, a, input, [role=slider]')]
        .filter((one) => one.checkVisibility() && !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.length))
        .map((one) => one.outerHTML)""")
    must(not nameless, f"without a name: {nameless}")


@check
def phone_has_room_for_all(site):
    page = site.page(viewport=PHONE, device_scale_factor=3, is_mobile=True, has_touch=True, reduced_motion="reduce")
    page.goto(f"{site.base}/")
    expect(page.locator(".card").first).to_be_visible()
    page.wait_for_timeout(1000)
    fits(page)
    site.picture(page, "phone-gallery")
    site.open(page, zoom=8, split=50)
    must(factor(page) == "×8", f"the factor is {factor(page)}")
    fits(page)
    site.picture(page, "phone-split")
    box = page.locator("#stage").bounding_box()
    touch = page.context.new_cdp_session(page)
    places = [(box["width"] * share, box["y"] + 200) for share in (0.5, 0.6, 0.7)]
    for kind, points in (("touchStart", places[:1]), ("touchMove", places[1:2]), ("touchMove", places[2:]), ("touchEnd", [])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})
    expect(page.locator("#split-handle")).to_have_attribute("aria-valuenow", "70")
    # Sooner, Chromium may take it for the second of a double tap, which clicks nothing.
    page.wait_for_timeout(500)
    page.locator("#help-open").tap()
    expect(page.locator("#help")).to_be_visible()
    fits(page)
    site.picture(page, "phone-help")


def fits(page):
    width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
    must(width <= PHONE["width"], f"the page is {width} pixels wide")
    outside = page.evaluate("""() => [...document.querySelectorAll('button, a, label, output, h1')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.unseen'))
        .filter((one) => { const { left, right } = one.getBoundingClientRect(); return left < -1 || right > innerWidth + 1; })
        .map((one) => one.id || one.textContent)""")
    must(not outside, f"beyond the edge: {outside}")


def chromium():
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("base", help="the address of the server")
    arguments.add_argument("out", type=Path, help="a folder for pictures")
    arguments.add_argument("--only", default="", help="checks whose names hold this")
    arguments.add_argument("--patience", type=int, default=300, help="seconds to wait for the tiles of a view")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"] if os.geteuid() == 0 else [])
        site = Site(browser, options.base, options.out, options.patience)
        for one in CHECKS:
            if options.only not in one.__name__:
                continue
            site.complaints, site.tolerated = [], []
            try:
                one(site)
                must(not site.complaints, f"the browser complains: {site.complaints[:3]}")
                print(f"ok      {one.__name__}", flush=True)
            except Exception as error:
                failed += 1
                print(f"FAILED  {one.__name__}: {error}", flush=True)
                if not isinstance(error, AssertionError):
                    traceback.print_exc()
            for context in browser.contexts:
                context.close()
        browser.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
