"""Suites are in modules that pytest does not collect; their assertions are to be explained all the same."""

import pytest

pytest.register_assert_rewrite(
    "tests.contract.archives",
    "tests.contract.archive_suite",
    "tests.contract.durable_suite",
    "tests.contract.filter_suite",
    "tests.contract.index_suite",
    "tests.contract.writer_suite",
)
