"""The provider's accent: measured for contrast, darkened or lightened until it can be read."""

from __future__ import annotations

import re

LIGHT_SURFACE, DARK_SURFACE = "#ffffff", "#14171c"
LEAST = 4.5
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of `#rrggbb`; raises ValueError for anything else."""
    if not _HEX.fullmatch(colour):
        raise ValueError(f"not a colour: {colour!r}")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [part / 255 for part in channels(colour)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def mixed(colour: str, towards: str, share: float) -> str:
    """A colour moved towards another by a share of the way."""
    pairs = zip(channels(colour), channels(towards), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(colour: str, surface: str, *, towards: str) -> str:
    """The nearest colour that reaches 4.5 to 1 on a surface."""
    for step in range(21):
        tried = mixed(colour, towards, step / 20)
        if contrast(tried, surface) >= LEAST:
            return tried
    return towards


def stylesheet(colour: str) -> str:
    """The accent's tokens for both themes; empty where no valid colour is set."""
    if not _HEX.fullmatch(colour or ""):
        return ""
    light = readable(colour, LIGHT_SURFACE, towards="#000000")
    dark = readable(colour, "#1e2340", towards="#ffffff")
    fill = light
    deep = mixed(light, "#000000", 0.18)
    soft, dim = mixed(light, "#ffffff", 0.92), mixed(light, DARK_SURFACE, 0.82)
    return (
        f"@layer tokens{{:root{{--accent:light-dark({light},{dark});--accent-bg:{fill};"
        f"--accent-hi:{deep};--sel:light-dark({soft},{dim})}}}}"
    )
