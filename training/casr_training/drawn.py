"""Drawn tiles beside photographs: facades, gratings, bricks, text, lines, gradients, flat and saturated colours, grey.

They show what photographs of landscapes lack. A tile depends on its seed alone, and letters on the fonts that are installed.
"""

import glob
import math
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .guards import LUMA

LETTERS = list('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?()&%+-=/ ')
#: The share of tiles that are grey, but for noise.
GREY = 0.15
#: Tiles up to this number are drawn in this process.
FEW = 8

Generator = np.random.Generator


def colour(generator: Generator, saturated: float = 0.3) -> np.ndarray:
    """A random colour, `[3]` in code values; `saturated` is the share of those made of 0 and 255."""
    if generator.random() < saturated:
        return generator.choice([0, 0, 255, 255, generator.integers(256)], 3).astype(np.float32)
    base = generator.integers(20, 236)
    return np.clip(base + generator.normal(0, 30, 3), 0, 255).astype(np.float32)


def ink(generator: Generator, saturated: float) -> tuple[int, ...]:
    """A random colour for Pillow."""
    return tuple(int(value) for value in colour(generator, saturated))


def square_wave(place: np.ndarray, duty: float, softness: float) -> np.ndarray:
    """A square wave of period 1 with soft edges, in [0, 1]."""
    phase = place - np.floor(place)
    return np.clip((duty / 2 - np.abs(phase - 0.5)) / softness + 0.5, 0, 1)


def plane(side: int, generator: Generator, period: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates, in periods, of a plane seen at an angle and in perspective, `[side, side]` each."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    angle = generator.uniform(0, 2 * math.pi) if generator.random() < 0.5 else generator.normal(0, 0.06)
    columns, rows = (
        columns * math.cos(angle) - rows * math.sin(angle),
        columns * math.sin(angle) + rows * math.cos(angle),
    )
    tilt = generator.normal(0, 0.5, 2) if generator.random() < 0.7 else (0, 0)
    depth = np.maximum(1 + tilt[0] * columns + tilt[1] * rows, 0.3)
    scale = side / period
    return columns / depth * scale, rows / depth * scale * generator.uniform(0.5, 2)


def stripes(across: np.ndarray, down: np.ndarray, softness: float, generator: Generator) -> np.ndarray:
    return square_wave(across, generator.uniform(0.2, 0.8), softness)


def windows(across: np.ndarray, down: np.ndarray, softness: float, generator: Generator) -> np.ndarray:
    columns = square_wave(across, generator.uniform(0.3, 0.8), softness)
    return columns * square_wave(down, generator.uniform(0.3, 0.8), softness)


def bricks(across: np.ndarray, down: np.ndarray, softness: float, generator: Generator) -> np.ndarray:
    row = np.floor(down)
    return square_wave(across / 2 + 0.5 * (row % 2), 0.92, softness) * square_wave(down, 0.85, softness)


def checks(across: np.ndarray, down: np.ndarray, softness: float, generator: Generator) -> np.ndarray:
    columns, rows = square_wave(across, 0.5, softness), square_wave(down, 0.5, softness)
    return columns + rows - 2 * columns * rows


def dots(across: np.ndarray, down: np.ndarray, softness: float, generator: Generator) -> np.ndarray:
    distance = np.hypot(across - np.round(across), down - np.round(down))
    return np.clip((0.35 - distance) / softness + 0.5, 0, 1)


def waves(across: np.ndarray, down: np.ndarray, softness: float, generator: Generator) -> np.ndarray:
    other = np.sin(2 * math.pi * down) if generator.random() < 0.5 else 1
    return 0.5 + 0.5 * np.sin(2 * math.pi * across) * other


def zigzag(across: np.ndarray, down: np.ndarray, softness: float, generator: Generator) -> np.ndarray:
    shifted = across + 0.5 * np.abs(down - np.floor(down) - 0.5) * 2
    return square_wave(shifted, generator.uniform(0.3, 0.7), softness)


KINDS = (stripes, windows, bricks, checks, dots, waves, zigzag)


def pattern(side: int, generator: Generator) -> np.ndarray:
    """A repeating pattern of two colours on a plane, `[side, side, 3]`."""
    period = 2 * math.exp(generator.uniform(math.log(3), math.log(60)))
    across, down = plane(side, generator, period)
    kind = KINDS[generator.integers(len(KINDS))]
    mask = kind(across, down, max(0.02, 2.5 / period), generator)[..., None]
    result = colour(generator) * mask + colour(generator) * (1 - mask)
    if kind in (windows, bricks) and generator.random() < 0.6:
        # Every window, or brick, has its own shade.
        shades = np.random.default_rng(generator.integers(1 << 30)).normal(0, 18, (257, 257))
        shade = shades[np.floor(down).astype(int) % 257, np.floor(across).astype(int) % 257]
        result = result + shade[..., None] * mask
    return result


def mosaic(side: int, generator: Generator) -> np.ndarray:
    """Flat cells around random points, `[side, side, 3]`."""
    count = generator.integers(4, 60)
    points = generator.uniform(0, side, (count, 2))
    colours = np.stack([colour(generator, 0.6) for _ in range(count)])
    rows, columns = np.mgrid[:side, :side]
    nearest, owner = np.full((side, side), np.inf), np.zeros((side, side), int)
    for index, (row, column) in enumerate(points):
        distance = (rows - row) ** 2 + (columns - column) ** 2
        closer = distance < nearest
        nearest[closer] = distance[closer]
        owner[closer] = index
    return colours[owner]


def find_fonts() -> list[str]:
    """Fonts that are installed, or come with Matplotlib, less those of mathematical signs."""
    found = sorted(glob.glob('/usr/share/fonts/**/*.ttf', recursive=True))
    try:
        import matplotlib
    except ImportError:
        pass
    else:
        folder = os.path.join(os.path.dirname(matplotlib.__file__), 'mpl-data/fonts/ttf')
        found += sorted(glob.glob(f'{folder}/*.ttf'))
    return [font for font in found if not any(part in font for part in ('STIXSiz', 'cmex', 'cmsy'))]


FONTS = find_fonts()


def text(side: int, generator: Generator) -> np.ndarray:
    """Lines of random letters, slightly turned, `[side, side, 3]`."""
    image = Image.new('RGB', (side, side), ink(generator, 0.2))
    draw = ImageDraw.Draw(image)
    top, fill = 0, ink(generator, 0.3)
    while top < side:
        size = int(math.exp(generator.uniform(math.log(14), math.log(90))))
        if FONTS:
            font = ImageFont.truetype(FONTS[generator.integers(len(FONTS))], size)
        else:
            font = ImageFont.load_default(size)
        left = int(generator.integers(-20, 20))
        draw.text((left, top), ''.join(generator.choice(LETTERS, 120)), fill=fill, font=font)
        top += int(size * 1.25)
        if generator.random() < 0.15:
            fill = ink(generator, 0.5)
    turned = image.rotate(float(generator.normal(0, 4)), Image.Resampling.BICUBIC)
    return np.asarray(turned, np.float32)


def lines(side: int, generator: Generator) -> np.ndarray:
    """Lines, polygons, ellipses and rectangles, `[side, side, 3]`."""
    image = Image.new('RGB', (side, side), ink(generator, 0.4))
    draw = ImageDraw.Draw(image)
    for _ in range(generator.integers(15, 120)):
        fill = ink(generator, 0.5)
        points = [tuple(map(float, generator.uniform(-50, side + 50, 2))) for _ in range(generator.integers(2, 5))]
        (left, top), kind = points[0], generator.integers(4)
        if kind == 0:
            draw.line(points, fill=fill, width=int(generator.integers(1, 14)))
        elif kind == 1:
            draw.polygon([*points, tuple(map(float, generator.uniform(0, side, 2)))], fill=fill)
        elif kind == 2:
            radius = generator.uniform(8, side / 3)
            box = left - radius, top - radius, left + radius, top + radius
            inside = fill if generator.random() < 0.5 else None
            draw.ellipse(box, fill=inside, outline=fill, width=int(generator.integers(1, 10)))
        else:
            right, bottom = (start + float(generator.uniform(4, side / 2)) for start in (left, top))
            inside = fill if generator.random() < 0.5 else None
            draw.rectangle((left, top, right, bottom), fill=inside, outline=fill, width=int(generator.integers(1, 8)))
    return np.asarray(image, np.float32)


def gradient(side: int, generator: Generator) -> np.ndarray:
    """A smooth change between two colours, along a line or around a point."""
    rows, columns = np.mgrid[:side, :side] / side - generator.uniform(0.2, 0.8, 2)[:, None, None]
    angle = generator.uniform(0, 2 * math.pi)
    place = columns * math.cos(angle) + rows * math.sin(angle) + 0.5
    if generator.random() < 0.4:
        place = np.hypot(rows, columns) * generator.uniform(1, 2)
    share = np.clip(place, 0, 1)[..., None]
    return colour(generator) * share + colour(generator) * (1 - share)


def layer(side: int, generator: Generator) -> np.ndarray:
    """One of the drawings above, `[side, side, 3]` in code values."""
    kind = generator.random()
    if kind < 0.5:
        return pattern(side, generator)
    if kind < 0.58:
        return mosaic(side, generator)
    if kind < 0.66:
        return gradient(side, generator)
    return text(side, generator) if kind < 0.85 else lines(side, generator)


def drawn_tile(side: int, seed: int) -> np.ndarray:
    """A tile `[side, side, 3]`, 8 bits: layers drawn at twice the size, some lit unevenly, some grey, some noisy."""
    generator = np.random.default_rng(seed)
    large = 2 * side
    several = generator.random() < 0.5
    result = layer(large, generator)
    if several:
        for _ in range(generator.integers(1, 4)):
            rows, columns = np.mgrid[:large, :large] / large
            angle = generator.uniform(0, 2 * math.pi)
            across = (columns - generator.uniform(0.2, 0.8)) * math.cos(angle)
            down = (rows - generator.uniform(0.2, 0.8)) * math.sin(angle)
            mask = np.clip((across + down) * large / 2 + 0.5, 0, 1)[..., None]
            result = result * mask + layer(large, generator) * (1 - mask)
    if generator.random() < 0.6:
        rows, columns = np.mgrid[:large, :large] / large - 0.5
        slope = generator.normal(0, 0.35, 2)
        result = result * (1 + slope[0] * columns + slope[1] * rows)[..., None]
    result = np.clip(result, 0, 255).reshape(side, 2, side, 2, 3).mean((1, 3))
    if generator.random() < GREY:
        result = np.repeat(result @ np.float32(LUMA)[:, None], 3, 2)
    if generator.random() < 0.3:
        result = result + generator.normal(0, generator.uniform(0.5, 3), result.shape)
    return np.clip(np.round(result), 0, 255).astype(np.uint8)


def _drawn(job: tuple[int, int]) -> np.ndarray:
    return drawn_tile(*job)


def drawn_tiles(count: int, side: int, seed: int = 0) -> list[np.ndarray]:
    """So many tiles `[side, side, 3]`, 8 bits; on all processors, where they are many."""
    jobs = [(side, seed * 100003 + index) for index in range(count)]
    if count <= FEW:
        return [_drawn(job) for job in jobs]
    with ProcessPoolExecutor() as workers:
        return list(workers.map(_drawn, jobs, chunksize=4))
