"""Examples work: those of docstrings, of docs/python.md, and of the README."""

from __future__ import annotations

import doctest
import pathlib
import re

import casr
import casr._devices
import casr._pyramid
import casr._upscale
import pytest

ROOT = pathlib.Path(__file__).parents[3]


@pytest.mark.parametrize("module", [casr, casr._devices, casr._pyramid, casr._upscale])
def test_docstrings(module):
    result = doctest.testmod(module, extraglobs={"casr": casr})
    assert result.failed == 0 and result.attempted > 0


@pytest.mark.parametrize("page", ["docs/python.md", "README.md", "crates/casr-python/README.md"])
def test_pages(page, tmp_path, monkeypatch):
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    # Pages call their images so.
    for name in ("photo.jpg", "scan.png"):
        make_image(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{page}, block {number + 1}", "exec"), names)


def make_image(path: pathlib.Path) -> None:
    import PIL.Image

    with PIL.Image.open(ROOT / "samples" / "dog.png") as image:
        image.convert("RGB").crop((200, 150, 280, 210)).save(path)


def test_every_public_thing_has_a_docstring():
    for name in casr.__all__:
        thing = getattr(casr, name)
        assert name == "__version__" or thing.__doc__, name
    for kind in (casr.Pyramid, casr.Level):
        for name, thing in vars(kind).items():
            if not name.startswith("_"):
                assert thing.__doc__, f"{kind.__name__}.{name}"


def test_the_package_says_that_it_is_typed():
    assert (pathlib.Path(casr.__file__).parent / "py.typed").exists()
