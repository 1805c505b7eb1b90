# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of faults, by kind."""
import importlib

KINDS = ("addresses", "ports", "firewalls", "routes", "names", "secrets", "limits", "peers", "links", "paths", "data")


def all_rows():
    rows = [row for kind in KINDS for row in importlib.import_module(f"rows.{kind}").ROWS]
    names = [row.name for row in rows]
    assert len(set(names)) == len(names), "two rows of one name"
    return rows


def healthy_rows():
    return importlib.import_module("rows.healthy").ROWS
