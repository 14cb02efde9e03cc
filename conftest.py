"""Notebooks are collected and compared by `workbook.builder.validation`, on top of nbval."""

pytest_plugins = ["workbook.builder.validation"]
