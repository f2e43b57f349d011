"""A line of very many values is refused before it is decoded; a line of long texts is not."""

import json

import pytest

from banwatch.formats.ooni import decode_untrusted
from banwatch.formats.ooni.decode import MAX_VALUES
from banwatch.model.errors import WireError

HEAD = '"test_name":"web_connectivity","measurement_start_time":"2026-01-01 00:00:00"'


@pytest.mark.parametrize("value", ["{}", "[]", "1", '{"a":[]}', '""'])
def test_very_many_values_are_refused(value: str) -> None:
    many = ",".join([value] * (MAX_VALUES + 1))
    for keys in ("tcp_connect", "unknown"):
        with pytest.raises(WireError, match="values"):
            decode_untrusted(f'{{{HEAD},"test_keys":{{"{keys}":[{many}]}}}}'.encode())


def test_marks_in_texts_are_no_values() -> None:
    body = ',{["\\' * MAX_VALUES
    content = {
        "requests": [{"response": {"body": body}}],
        "network_events": [{"t": n} for n in range(10_000)],
    }
    line = f'{{{HEAD},"test_keys":{json.dumps(content)}}}'.encode()
    assert decode_untrusted(line).test_name == "web_connectivity"
