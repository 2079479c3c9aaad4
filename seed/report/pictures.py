"""Pictures of shares as SVG text: no dependency, no script, colours by class so that the page's theme applies. Pure."""

from collections.abc import Sequence
from html import escape

from seed.figures import Floats

WIDTH = 560
_ROW = 17.0
_BAND = 20.0  # of a pyramid
_PLOT = 170.0  # height of columns and areas


def pyramid(observed: Floats, expected: Floats, labels: Sequence[str]) -> str:
    """Shares by [sex, age group], men left and women right; a step line shows what is expected."""
    middle, gutter = WIDTH / 2, 24.0
    most = max(float(observed.max()), float(expected.max()), 1e-9)
    scale = (middle - gutter - 8) / most
    height = len(labels) * _BAND
    parts = []
    for side, sign, kind in ((0, -1.0, "men"), (1, 1.0, "women")):
        start = middle + sign * gutter
        steps = []
        for at, label in enumerate(labels):
            top = height - (at + 1) * _BAND
            width = float(observed[side, at]) * scale
            left = start - width if sign < 0 else start
            said = f"{kind} {label}: {_percent(observed[side, at])}, expected {_percent(expected[side, at])}"
            parts.append(_rect(left, top + 1, width, _BAND - 2, kind, said))
            edge = start + sign * float(expected[side, at]) * scale
            steps.append(f"{edge:.1f},{top + _BAND:.1f} {edge:.1f},{top:.1f}")
        parts.append(f'<polyline class="want line" points="{" ".join(steps)}"/>')
    for at, label in enumerate(labels):
        parts.append(_text(middle, height - (at + 0.5) * _BAND + 4, label, "middle", "small"))
    parts.append(_text(8, 14, "men", "start", "men strong"))
    parts.append(_text(WIDTH - 8, 14, "women", "end", "women strong"))
    return _svg(WIDTH, height + 4, parts, "Population pyramid")


def bars(labels: Sequence[str], observed: Sequence[float], expected: Sequence[float], *, title: str) -> str:
    """One horizontal bar a label; a tick shows what is expected, if it is."""
    longest = max((len(label) for label in labels), default=0)
    start = min(max(70.0, longest * 6.6 + 10), 210.0)
    most = max([*observed, *expected, 1e-9])
    scale = (WIDTH - start - 62) / most
    parts = []
    for at, (label, share) in enumerate(zip(labels, observed, strict=True)):
        top = at * _ROW
        parts.append(_text(start - 8, top + 12.5, label, "end", "small"))
        said = f"{label}: {_percent(share)}" + (f", expected {_percent(expected[at])}" if expected else "")
        parts.append(_rect(start, top + 3, max(share * scale, 0.5), _ROW - 6, "bar", said))
        if expected:
            parts.append(_tick(start + expected[at] * scale, top + 1, _ROW - 2))
        end = start + max(share, expected[at] if expected else 0.0) * scale
        parts.append(_text(end + 6, top + 12.5, _percent(share), "start", "small faint"))
    return _svg(WIDTH, len(labels) * _ROW + 2, parts, title)


def columns(labels: Sequence[str], observed: Sequence[float], expected: Sequence[float], *, title: str) -> str:
    """One upright bar a label; a tick across it shows what is expected, if it is."""
    most = max([*observed, *expected, 1e-9])
    step = (WIDTH - 10) / max(len(labels), 1)
    scale = (_PLOT - 22) / most
    parts = [f'<line class="axis" x1="0" x2="{WIDTH}" y1="{_PLOT}" y2="{_PLOT}"/>']
    for at, (label, share) in enumerate(zip(labels, observed, strict=True)):
        left, tall = 5 + at * step, share * scale
        said = f"{label}: {_percent(share)}" + (f", expected {_percent(expected[at])}" if expected else "")
        parts.append(_rect(left + step * 0.12, _PLOT - tall, step * 0.76, tall, "bar", said))
        high = tall
        if expected:
            wanted = expected[at] * scale
            high = max(tall, wanted)
            line = f'x1="{left + step * 0.04:.1f}" x2="{left + step * 0.96:.1f}"'
            parts.append(f'<line class="want" {line} y1="{_PLOT - wanted:.1f}" y2="{_PLOT - wanted:.1f}"/>')
        parts.append(_text(left + step / 2, _PLOT - high - 6, _percent(share), "middle", "small faint"))
        parts.append(_text(left + step / 2, _PLOT + 15, label, "middle", "small"))
    return _svg(WIDTH, _PLOT + 24, parts, title)


def areas(shares: Floats, names: Sequence[str], *, first: int, title: str) -> str:
    """Shares by [single year from `first`, kind] stacked to one; the kinds are coloured in order."""
    if len(shares) < 2:
        return ""
    step = (WIDTH - 20) / (len(shares) - 1)
    below = [0.0] * len(shares)
    parts = []
    for kind, name in enumerate(names):
        above = [low + float(share) for low, share in zip(below, shares[:, kind], strict=True)]
        across = [10 + at * step for at in range(len(shares))]
        up = [f"{x:.1f},{_PLOT * (1 - y):.1f}" for x, y in zip(across, above, strict=True)]
        down = [f"{x:.1f},{_PLOT * (1 - y):.1f}" for x, y in zip(across, below, strict=True)]
        parts.append(
            f'<polygon class="part{kind}" points="{" ".join(up + down[::-1])}"><title>{name}</title></polygon>'
        )
        below = above
    for at in range(0, len(shares), 10):
        parts.append(_text(10 + at * step, _PLOT + 15, str(first + at), "middle", "small"))
    return _svg(WIDTH, _PLOT + 22, parts, title)


def heat(table: Floats, rows: Sequence[str], columns_: Sequence[str], *, title: str, every: int = 1) -> str:
    """Shares by [row, column] as depth of colour, the deepest cell the fullest; `every` nth column has its label."""
    start = min(max((len(row) for row in rows), default=0) * 6.4 + 12, 190.0) if len(rows) < 40 else 26.0
    across = (WIDTH - start - 4) / max(len(columns_), 1)
    down = 18.0 if len(rows) < 40 else across
    most = max(float(table.max()) if table.size else 0.0, 1e-9)
    parts = []
    for row, name in enumerate(rows):
        if len(rows) < 40 or row % every == 0:
            parts.append(_text(start - 6, row * down + min(down, 14) - 1, name, "end", "small"))
        for column in range(len(columns_)):
            share = float(table[row, column])
            if share > most / 2000:
                depth = (share / most) ** 0.4
                place = f'x="{start + column * across:.1f}" y="{row * down:.1f}"'
                size = f'width="{across - 0.5:.1f}" height="{down - 0.5:.1f}" fill-opacity="{depth:.2f}"'
                said = escape(f"{name}, {columns_[column]}: {_percent(share)}")
                parts.append(f'<rect class="bar" {place} {size}><title>{said}</title></rect>')
    for column in range(0, len(columns_), every):
        parts.append(_text(start + (column + 0.5) * across, len(rows) * down + 13, columns_[column], "middle", "small"))
    return _svg(WIDTH, len(rows) * down + 20, parts, title)


def _percent(share: float) -> str:
    value = 100 * float(share)
    return f"{value:.0f} %" if value >= 99.95 else f"{value:.1f} %" if value >= 0.995 else f"{value:.2g} %"


def _rect(left: float, top: float, width: float, height: float, kind: str, said: str) -> str:
    place = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {place}><title>{escape(said)}</title></rect>'


def _tick(left: float, top: float, height: float) -> str:
    return f'<line class="want" x1="{left:.1f}" x2="{left:.1f}" y1="{top:.1f}" y2="{top + height:.1f}"/>'


def _text(left: float, top: float, words: str, anchor: str, kind: str) -> str:
    return f'<text class="{kind}" x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    body = "".join(parts)
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">{body}</svg>'
