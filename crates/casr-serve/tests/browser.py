#!/usr/bin/env python3
"""Looks at the viewer (viewer.py) in Chromium, behind nginx where that is installed, and at what a proxy could spoil.

    cargo build --release -p casr && python3 crates/casr-serve/tests/browser.py [PICTURES] [viewer.py's options]

Says that it is skipped where there is no Chromium, or where PyPI cannot be reached.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from service import ROOT, TARGET, environment, has_nginx, nginx, service, skip


def ask(address, **headers):
    """Status, headers and body; errors and redirections are answers, too."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=120) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def through(base):
    """What a proxy could spoil: slashes in identifiers, addresses in answers, versions, and errors."""
    identifier = "sub%2Fcity.png"
    status, headers, _ = ask(f"{base}/iiif/{identifier}~4")
    expect(status == 303 and headers["Location"] == f"{base}/iiif/{identifier}~4/info.json", f"{status} {headers['Location']}")
    status, _, body = ask(headers["Location"])
    info = json.loads(body)
    expect(status == 200 and info["id"] == f"{base}/iiif/{identifier}~4", f"{status} {info.get('id')}")
    tile = f"{info['id']}/0,0,64,64/max/0/default.png"
    status, headers, _ = ask(tile)
    expect(status == 200 and headers["Content-Type"] == "image/png", f"{tile}: {status}")
    expect(f"<{info['id']}/0,0,64,64/max/0/default.png>" in headers["Link"], headers["Link"])
    expect(headers["Access-Control-Allow-Origin"] == "*", "no CORS")
    expect(ask(tile, **{"If-None-Match": headers["ETag"]})[0] == 304, "a version that is known is sent again")
    expect(ask(f"{base}/dzi/{identifier}~4.dzi")[0] == 200, "no Deep Zoom")
    expect(ask(f"{base}/iiif/{identifier}/full/^99999,/0/default.png")[0] == 400, "no error")
    expect(ask(f"{base}/iiif/..%2Fpasswd/info.json")[0] == 404, "a file outside is there")
    print("ok      nginx")


def expect(holds, message):
    if not holds:
        sys.exit(f"behind nginx: {message}")


def main():
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "samples", folder, dirs_exist_ok=True)
        pathlib.Path(folder, "sub").mkdir()
        shutil.copy(ROOT / "samples" / "city.png", pathlib.Path(folder, "sub"))
        # With uploads, which the viewer has a button for.
        with service(folder, "--uploads") as running:
            if has_nginx():
                with nginx(running.port) as base:
                    through(base)
                    look(base, chromium)
            else:
                print("skipped: nginx is not installed")
                look(running.base, chromium)


def look(base, chromium):
    if chromium is None:
        skip("Chromium is not installed (Debian's package chromium)")
    python = environment("playwright")
    pictures, *options = sys.argv[1:] or [TARGET / "viewer-pictures"]
    checks = pathlib.Path(__file__).with_name("viewer.py")
    done = subprocess.run([python, checks, base, pictures, *options], env={**os.environ, "CHROMIUM": chromium})
    if done.returncode:
        sys.exit("the viewer fails")


if __name__ == "__main__":
    main()
