#!/usr/bin/env python3
"""Turns the files of a page into C++ text: embed.py OUTPUT.cpp report.css report.js."""
import sys
from pathlib import Path

output, *files = sys.argv[1:]
text = "namespace xg::inspect::detail {\n"
for file in map(Path, files):
    name = file.name.replace(".", "_")
    text += f"extern const char* const {name};\nconst char* const {name} =\n"
    content = file.read_text(encoding="utf-8")
    assert ')~~~"' not in content
    # Compilers need not take literals of any length.
    for start in range(0, len(content), 8000):
        text += f'R"~~~({content[start:start + 8000]})~~~"\n'
    text += ";\n"
Path(output).write_text(text + "}\n", encoding="utf-8")
