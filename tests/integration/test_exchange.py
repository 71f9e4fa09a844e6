# SPDX-License-Identifier: Apache-2.0
"""Samples of a text into the history and out again, through the command line."""

MARKED = (
    '{"metric":{"__name__":"x"},"values":[1,2,null,5],"timestamps":[1700000000000,1700000001000,1700000003000,1700000004000]}\n'
)


def test_an_import_says_what_it_took_and_markers_come_back(ullage, tmp_path):
    text = tmp_path / "marked.jsonl"
    text.write_text(MARKED)
    first = ullage("query", "import", str(text))
    assert (first.code, first.err) == (0, "ullage: took 4 samples of 1 series\n")
    assert ullage("query", "export", "--format", "jsonl").out == MARKED
    assert "nothing matches" in ullage("query", "x", "--at", "1700000003.5").err
    again = ullage("query", "import", str(text))
    assert again.err.splitlines() == [
        "ullage: took 0 of 4 samples of 1 series",
        "ullage: 4 ticks were dropped: of a time that had been told already",
    ]


def test_a_wrong_text_is_told_by_file_line_and_column(ullage, tmp_path):
    text = tmp_path / "t.csv"
    text.write_text("time_ms,name,labels,value\n1700000000000,x,,1\nsoon,x,,2\n")
    refused = ullage("query", "import", str(text))
    assert refused.code == 2
    assert refused.err.startswith(f"ullage: {text}:3:1: 'soon' is no time")
