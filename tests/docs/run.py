#!/usr/bin/env python3
"""Runs the calls of a guide on an empty server, in order: each must be answered as the guide says.

  tests/docs/run.py GUIDE MODULES [--write]      docs/GUIDE.md; --write puts the answers of this server into it"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "query"))
import examples  # noqa: E402

sys.exit(examples.main(ROOT / "docs" / f"{sys.argv[1]}.md", seed=lambda kontor: None, modules=sys.argv[2]))
