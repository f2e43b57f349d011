"""Build the table of networks that ships with the package, from local copies of its two sources.

    .venv/bin/python tools/build_network_table.py ASN_FOLDER COUNTRY_FOLDER 2026-06-17

The folders are unpacked npm packages: `@ip-location-db/asn` and `@ip-location-db/asn-country` (`npm pack
NAME`, then `tar xzf`). The result replaces the table in src/banwatch/reference/data; its attribution is in
src/banwatch/reference/data/ATTRIBUTION.md.
"""

import sys
from itertools import chain
from pathlib import Path

from banwatch.reference.network_table import build, read_as_rows, read_country_rows

DATA = Path(__file__).parent.parent / "src" / "banwatch" / "reference" / "data"


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asn_folder, country_folder, as_of = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    ases = chain.from_iterable(read_as_rows(asn_folder / f"asn-ipv{version}.csv") for version in (4, 6))
    countries = chain.from_iterable(
        read_country_rows(country_folder / f"asn-country-ipv{version}.csv") for version in (4, 6)
    )
    packed = build(ases, countries).pack()
    target = DATA / f"networks-{as_of}.bin"
    target.write_bytes(packed)
    print(f"{target}: {len(packed):,} bytes")


if __name__ == "__main__":
    main()
