#!/usr/bin/env python3
"""Runs the calls of docs/finance.md on an empty server, in order: each must be answered as the guide says.

  tests/docs/finance.py [--write]      --write puts the answers of this server into the guide"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "query"))
import examples  # noqa: E402

sys.exit(examples.main(ROOT / "docs" / "finance.md", seed=lambda kontor: None, modules="base,crm,finance"))
