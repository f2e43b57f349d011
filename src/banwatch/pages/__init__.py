"""Pages for readers, as values and templates: the explorer serves them, a bulletin writes them as files.

- A *reader* answers the typed questions that a page may ask; `store_reader` answers them from a store.
- A *view* is a frozen dataclass with everything that one page shows, ready to print; templates lay it out.
- A *figure* is a chart: a Vega-Lite specification, drawn as SVG and PNG.
- *Wording* puts identifiers, counts and times into plain language.
- *Links* are the addresses of neighbouring pages, for the running app and for a folder of files alike.
"""
