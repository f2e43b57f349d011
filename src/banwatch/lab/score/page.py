"""Page of a matrix: figures in tables, and the confusion matrix as a picture."""

from html import escape

from banwatch.lab.score.result import MatrixResult, Row

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .2rem .7rem; text-align: right }
th:first-child, td:first-child { text-align: left } tr { border-bottom: 1px solid #ddd }
svg { max-width: 100%; height: auto } .wrong { color: #a40000 }
"""


def confusion_svg(result: MatrixResult) -> str:
    """Draw the confusion matrix; a cell's shade is its share of the row."""
    import vl_convert  # type: ignore[import-not-found,unused-ignore]  # heavy, and only pages need it

    rows: dict[str, int] = {}
    for true, _, times in result.confusion:
        rows[true] = rows.get(true, 0) + times
    values = [
        {"true": true, "said": said, "times": times, "share": times / rows[true]}
        for true, said, times in result.confusion
    ]
    axes: dict[str, object] = {
        "x": {"field": "said", "type": "nominal", "title": "what was said", "axis": {"labelAngle": -50}},
        "y": {"field": "true", "type": "nominal", "title": "what the censor did"},
    }
    spec: dict[str, object] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": values},
        "layer": [
            {
                "mark": "rect",
                "encoding": {
                    **axes,
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "scale": {"scheme": "blues", "domain": [0, 1]},
                        "legend": {"title": "share of row", "format": ".0%"},
                    },
                },
            },
            {
                "mark": {"type": "text", "fontSize": 10},
                "encoding": {
                    **axes,
                    "text": {"field": "times", "type": "quantitative"},
                    "color": {"condition": {"test": "datum.share > 0.5", "value": "white"}, "value": "black"},
                },
            },
        ],
    }
    return str(vl_convert.vegalite_to_svg(spec))


def render_page(result: MatrixResult) -> str:
    """Render the whole page as one HTML file without other resources."""
    mechanisms = "".join(
        f"<tr><td>{escape(m.mechanism)}</td><td>{m.measurements}</td><td>{m.recall:.3f}</td>"
        f"<td>{m.mechanism_precision:.3f}</td><td>{m.mechanism_recall:.3f}</td>"
        f"<td>{escape(', '.join(f'{state} {count}' for state, count in m.states))}</td></tr>"
        for m in result.by_mechanism.values()
    )
    mistakes = "".join(
        f"<tr><td>{escape(m.input)}</td><td>{escape(m.access_tier)}</td>"
        f"<td>{escape(' '.join(m.true) or 'nothing')}</td><td>{escape(m.state)}</td>"
        f"<td>{escape(' '.join(m.said))}</td></tr>"
        for m in result.mistakes
    )
    unexercised = ", ".join(u.mechanism for u in result.unexercised) or "none"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Score of the lab\'s matrix</title>'
        f"<style>{_STYLE}</style></head><body><h1>Score of the lab's matrix</h1>"
        f"<p>{result.measurements} measurements in the lab. <strong>{result.false_blocked}</strong> accused "
        "an innocent. Of those with which the censor interfered, "
        f"{result.recall:.1%} were found at the least loss; mechanisms were named "
        f"with precision {result.mechanism_precision:.3f} and recall "
        f"{result.mechanism_recall:.3f} (hierarchical).</p>"
        f"<p>Planned and not met by any measurement: {escape(unexercised)}.</p>"
        f"<h2>What the censor did, and what was said</h2>{confusion_svg(result)}"
        "<h2>By mechanism</h2><table><tr><th>mechanism</th><th>measurements</th><th>recall</th>"
        f"<th>mechanism precision</th><th>mechanism recall</th><th>states</th></tr>"
        f"{mechanisms}</table>"
        f"{_group('packet loss each way', result.by_loss)}{_group('IP version', result.by_family)}"
        f"{_group('HTTP version', result.by_version)}"
        "<h2>Mistakes</h2><table><tr><th>input</th><th>lab</th><th>true</th><th>state</th><th>said</th></tr>"
        f"{mistakes}</table></body></html>\n"
    )


def _group(title: str, rows: dict[str, Row]) -> str:
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td>{row.measurements}</td>"
        f"<td{' class=wrong' if row.false_blocked else ''}>{row.false_blocked}</td><td>{row.recall:.3f}</td>"
        f"<td>{row.mechanism_precision:.3f}</td><td>{row.mechanism_recall:.3f}</td></tr>"
        for name, row in rows.items()
    )
    return (
        f"<h2>By {escape(title)}</h2><table><tr><th>{escape(title)}</th><th>measurements</th>"
        "<th>false blocked</th><th>recall</th><th>mechanism precision</th><th>mechanism recall</th></tr>"
        f"{lines}</table>"
    )
