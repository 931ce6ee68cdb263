"""Charts drawn on the server as SVG: they print, read as text and need no script or style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from markupsafe import Markup, escape

from app.kernel import words

Number = int | Decimal

SPARK_WIDTH, SPARK_HEIGHT = 92, 22
CHART_HEIGHT, CHART_MARGIN = 168, 72
_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its value, the same value in full words, and the line's value.

    `second` stands beside it as a bar of its own; texts say each value in full.
    """

    label: str
    value: Number
    text: str
    line: Number | None = None
    second: Number | None = None
    second_text: str = ""
    line_text: str = ""


@dataclass(frozen=True, slots=True)
class ChartData:
    """Bars with an optional line over them; the last bar is the current one.

    `names` say what the bar, the second bar and the line mean, for a legend and a table.
    """

    title: Any
    unit: Any
    bars: Sequence[Bar]
    names: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a chart of shares: a label, its size and the same in words."""

    label: str
    value: int
    text: str


def sparkline(values: Sequence[Number], label: Any = "") -> Markup:
    """A small run of values with its lowest, highest and last said in words."""
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    span = high - low or 1
    step = (SPARK_WIDTH - 6) / (len(values) - 1)
    points = [
        (3 + place * step, 3 + float((high - value) / span) * (SPARK_HEIGHT - 6))
        for place, value in enumerate(values)
    ]
    path = " ".join(
        f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points)
    )
    spoken = words.gettext(
        "%(label)s: lowest %(low)s, highest %(high)s, now %(now)s",
        label=str(label),
        low=words.format_number(low),
        high=words.format_number(high),
        now=words.format_number(values[-1]),
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img"'
        ' aria-label="{label}"><path class="a" d="{path} L{x:.1f} {h} L3 {h}Z"/>'
        '<path d="{path}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2"/></svg>'
    ).format(
        w=SPARK_WIDTH,
        h=SPARK_HEIGHT,
        label=spoken,
        path=Markup(path),  # noqa: S704  # numbers of ours
        x=points[-1][0],
        y=points[-1][1],
    )


def nice_step(span: Number, *, lines: int = 4) -> Decimal:
    """A round distance between grid lines: 1, 2 or 5 times a power of ten."""
    rough = Decimal(span) / lines or Decimal(1)
    power = Decimal(10) ** (rough.adjusted())
    return next(power * step for step in _STEPS if power * step >= rough)


def bar_chart(data: ChartData, *, width: int = 720) -> Markup:
    """Bars with a zero line, a grid and a line over them; the table of figures stands below."""
    if not data.bars:
        return Markup("")
    plot = _Plot.over(data, width)
    parts = [plot.grid()]
    parts += [plot.bar(place, bar) for place, bar in enumerate(data.bars)]
    parts.append(plot.line())
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">{parts}</svg>'
    ).format(w=width, h=CHART_HEIGHT + 24, label=_spoken(data), parts=Markup("").join(parts))


def _spoken(data: ChartData) -> str:
    last = data.bars[-1]
    most = max(data.bars, key=lambda bar: bar.value)
    return words.gettext(
        "%(title)s: %(last)s %(value)s, highest %(most)s %(top)s",
        title=str(data.title),
        last=last.label,
        value=last.text,
        most=most.label,
        top=most.text,
    )


@dataclass(frozen=True, slots=True)
class _Plot:
    """The measures of one chart."""

    data: ChartData
    width: int
    low: Decimal
    high: Decimal
    step: Decimal

    @classmethod
    def over(cls, data: ChartData, width: int) -> _Plot:
        values = [Decimal(bar.value) for bar in data.bars]
        values += [Decimal(bar.line) for bar in data.bars if bar.line is not None]
        values += [Decimal(bar.second) for bar in data.bars if bar.second is not None]
        high, low = max(*values, Decimal(0)), min(*values, Decimal(0))
        step = nice_step(high - low or Decimal(1))
        # Not `//`: a Decimal's floor division cuts towards zero.
        top = (high / step).to_integral_value(ROUND_CEILING) * step
        bottom = (low / step).to_integral_value(ROUND_FLOOR) * step + 0
        return cls(data, width, bottom, top or step, step)

    def y(self, value: Number) -> float:
        """The height of a value on the picture."""
        share = (self.high - Decimal(value)) / (self.high - self.low)
        return 8 + float(share) * (CHART_HEIGHT - 16)

    def x(self, place: int) -> float:
        """The middle of a bar."""
        return CHART_MARGIN + self.slot * (place + 0.5)

    @property
    def slot(self) -> float:
        """The room of one bar."""
        return (self.width - CHART_MARGIN - 4) / len(self.data.bars)

    def grid(self) -> Markup:
        """Grid lines with their values."""
        parts: list[Markup] = []
        value = self.low
        decimals = max(0, -int(self.step.as_tuple().exponent)) if self.step < 1 else 0
        while value <= self.high:
            y = self.y(value)
            parts.append(
                Markup(
                    '<path class="g" d="M{m} {y:.1f}H{w}"/>'
                    '<text x="{t}" y="{ty:.1f}" text-anchor="end">{text}</text>'
                ).format(
                    m=CHART_MARGIN,
                    y=y,
                    w=self.width - 4,
                    t=CHART_MARGIN - 8,
                    ty=y + 4,
                    text=words.format_number(value, decimals=decimals),
                )
            )
            value += self.step
        return Markup("").join(parts)

    def bar(self, place: int, bar: Bar) -> Markup:
        """One bar, or two side by side, with the label; negative values hang below zero."""
        now = place == len(self.data.bars) - 1
        wide, middle = min(self.slot * 0.58, 44), self.x(place)
        if bar.second is None:
            drawn = self._rect(middle - wide / 2, wide, bar.value, "c1" if now else "c2", bar, 0)
        else:
            wide = min(self.slot * 0.7, 44) / 2
            drawn = self._rect(middle - wide - 0.5, wide, bar.value, "c1" if now else "c2", bar, 0)
            drawn += self._rect(middle + 0.5, wide, bar.second, "c3", bar, 1)
        return drawn + Markup(
            '<text x="{mid:.1f}" y="{base}" text-anchor="middle">{label}</text>'
        ).format(mid=middle, base=CHART_HEIGHT + 12, label=escape(bar.label))

    def _rect(
        self, x: float, wide: float, value: Number, kind: str, bar: Bar, which: int
    ) -> Markup:
        zero, end = self.y(0), self.y(value)
        name = self.data.names[which]
        text = (bar.text, bar.second_text)[which]
        return Markup(
            '<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
            ' rx="2"><title>{label}: {text}</title></rect>'
        ).format(
            kind=kind,
            x=x,
            y=min(zero, end),
            wide=wide,
            high=max(abs(zero - end), 1),
            label=f"{bar.label}, {name}" if name else bar.label,
            text=text,
        )

    def line(self) -> Markup:
        """The line over the bars, where values are given."""
        points = [
            f"{self.x(place):.1f} {self.y(bar.line):.1f}"
            for place, bar in enumerate(self.data.bars)
            if bar.line is not None
        ]
        if len(points) < 2:
            return Markup("")
        return Markup('<path class="ln" d="M{}"/>').format(Markup(" L".join(points)))  # noqa: S704  # numbers of ours


SHARE_ROW = 24


def _cut(text: str, most: int) -> str:
    """A label that ends before its bar begins."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def share_chart(shares: Sequence[Share], title: Any, *, width: int = 720) -> Markup:
    """Horizontal bars, the largest first, with their words; the table of figures stands beside."""
    if not shares:
        return Markup("")
    most = max(share.value for share in shares) or 1
    words = max(len(share.text) for share in shares)
    room = max(min(width * 0.3, width * 0.6 - 12 - words * 6.8), 1)
    rows = Markup("").join(
        Markup(
            '<text x="0" y="{y}">{label}</text>'
            '<rect class="c1" x="{x:.1f}" y="{top}" width="{wide:.1f}" height="12" rx="2"/>'
            '<text x="{end}" y="{y}" text-anchor="end">{text}</text>'
        ).format(
            y=place * SHARE_ROW + 16,
            top=place * SHARE_ROW + 6,
            x=width * 0.4,
            wide=max(room * max(share.value, 0) / most, 1),
            end=width - 4,
            label=_cut(share.label, int(width * 0.4 / 6.2)),
            text=share.text,
        )
        for place, share in enumerate(shares)
    )
    spoken = "; ".join(f"{share.label} {share.text}" for share in shares)
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">{rows}</svg>'
    ).format(w=width, h=len(shares) * SHARE_ROW + 4, label=f"{title}: {spoken}", rows=rows)
