"""Files of truth, and the line of one flow."""

from pathlib import Path

import msgspec
import pytest

from banwatch.lab.truth.flow_truth import parse_flow_truth, render_flow_truth
from banwatch.lab.truth.truth_file import TruthWriter, load_truth
from banwatch.model.errors import BanwatchError
from tests.lab.flows import SYSTEM, flow_truth

ASKED = flow_truth(SYSTEM, 53, None, ("qname", "a.example"))
SNI_RESET = flow_truth("23.192.0.1", 443, "tls.reset.sni", ("sni", "a.example"))


def test_a_line_of_truth_keeps_its_spelling():
    line = render_flow_truth(SNI_RESET)
    assert line == (
        b'{"tier":"visitor","started_at":"2016-04-02T06:00:00.200Z","ended_at":"2016-04-02T06:00:00.400Z",'
        b'"proto":"tcp","src":"175.45.177.10","sport":40000,"dst":"23.192.0.1","dport":443,'
        b'"names":[["sni","a.example"]],"rule":"a-rule","mechanism":"tls.reset.sni","dropped":0,"injected":0,'
        b'"delayed":0,"real_answer_passed":false}'
    )
    assert parse_flow_truth(line) == SNI_RESET


def test_what_is_written_is_read_again(tmp_path: Path):
    path = tmp_path / "truth.jsonl"
    for flows in ([SNI_RESET], [], [ASKED, SNI_RESET]):
        writer = TruthWriter(path)
        writer.write(flows)
        writer.close()
    assert load_truth([path]) == [SNI_RESET, ASKED, SNI_RESET]


def test_truth_files_are_read_and_damage_is_said(tmp_path: Path):
    path = tmp_path / "truth.jsonl"
    path.write_bytes(msgspec.json.encode(SNI_RESET) + b"\n\n" + msgspec.json.encode(ASKED) + b"\n")
    assert load_truth([path]) == [SNI_RESET, ASKED]
    with pytest.raises(BanwatchError, match="no line of truth"):
        parse_flow_truth(b'{"tier": 1}')
    with pytest.raises(BanwatchError, match="cannot be read"):
        load_truth([tmp_path / "none.jsonl"])
