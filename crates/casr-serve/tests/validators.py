#!/usr/bin/env python3
"""Runs the IIIF validators of PyPI against `casr serve`: every test up to level 2, and those of the extra features that
the service announces. Needs a built program; says that it is skipped where PyPI cannot be reached.

    cargo build --release -p casr && python3 crates/casr-serve/tests/validators.py
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from service import environment, service, skip

IDENTIFIER = "67352ccc-d1b0-11e1-89ae-279075081939"

# Where the validators want what the specification forbids, `crates/casr-serve/tests/iiif.rs` says what is right.
# Of `!w,h` larger than the region: an error, where "the returned image MUST be as large as possible but not larger than
# the extracted region" (4.2).
CONFINED = "!2000,3000"
# Of `^max` the newer one wants no enlargement, where "the extracted region is scaled to the maximum size permitted by
# maxWidth, maxHeight, or maxArea" (4.2). Its test enlarges some megapixels besides and waits for each for a few seconds
# only, so it is left out here.
ENLARGING = "SizeUpTest"

OLD = f"""
import sys
from iiif_validator.validator import ValidationInfo, TestSuite, ImageAPI
from iiif_validator.tests import size_noup

ask = size_noup.Test_No_Size_Up.checkSize
size_noup.Test_No_Size_Up.checkSize = lambda self, result, size: size == "{CONFINED}" or ask(self, result, size)
tests = TestSuite(ValidationInfo()).list_tests("3.0")
names = [name for name, test in tests.items() if test["level"] <= 2]
failed = 0
for name in names:
    result = ImageAPI("{IDENTIFIER}", sys.argv[1], "iiif", "http", "", "3.0", debug=False)
    try:
        TestSuite(ValidationInfo()).run_test(name, result)
        error = result.exception
    except Exception as unexpected:
        error = unexpected
    if error:
        failed += 1
        print(f"FAILED {{name}}: {{error}} {{result.urls}}")
print(f"iiif-validator: {{len(names)}} tests, {{failed}} failed")
sys.exit(bool(failed or len(names) < 25))
"""

NEW = f"""
import sys
from iiif_validator.tests.test import IIIFVersion, TargetServer, ValidationFailure
from iiif_validator import validate

find = validate.get_tests
validate.get_tests = lambda version: [test for test in find(version) if test.__name__ != "{ENLARGING}"]
server = TargetServer(f"http://{{sys.argv[1]}}/iiif", validation_id="{IDENTIFIER}", version=IIIFVersion.V3)
checks = failed = 0
for test, results in validate.run_tests(server, max_threads=2):
    for result in results if isinstance(results, list) else [results]:
        checks += 1
        if not isinstance(result, ValidationFailure):
            continue
        if "size='{CONFINED}'" in result.details:
            continue
        failed += 1
        print(f"FAILED {{test.name}}: {{result}}")
print(f"iiif-validator-ng: {{checks}} checks, {{failed}} failed")
sys.exit(bool(failed or checks < 100))
"""


def modern(python):
    """One file of the newer validator is written for Python 3.12: for older ones it is rewritten."""
    if sys.version_info >= (3, 12):
        return
    where = "import iiif_validator, os; print(os.path.dirname(iiif_validator.__file__))"
    folder = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    file = pathlib.Path(folder, "validate.py")
    text = file.read_text()
    head = "from typing import Generic, TypeVar\nT = TypeVar('T')\n"
    if "class SizedGenerator[T]:" in text:
        file.write_text(head + text.replace("class SizedGenerator[T]:", "class SizedGenerator(Generic[T]):"))


def main():
    old, new = environment("iiif-validators/1"), environment("iiif-validators/2")
    modern(new)
    if subprocess.run([new, "-c", "import pyvips"], capture_output=True).returncode:
        skip("libvips is missing (Debian's package libvips42)")
    image = next(new.parents[1].rglob("validation_image.png"))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(image, pathlib.Path(folder, IDENTIFIER))
        with service(folder) as running:
            address = f"127.0.0.1:{running.port}"
            runs = ((old, OLD), (new, NEW))
            failed = [subprocess.run([python, "-c", script, address]).returncode for python, script in runs]
    if any(failed):
        sys.exit(f"validators: {failed}")


if __name__ == "__main__":
    main()
