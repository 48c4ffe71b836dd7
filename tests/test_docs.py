"""The documentation says what the code says."""

import re
from pathlib import Path

import pytest

from inference_core.settings import settings_table
from inference_core.zoo import recipe_names
from tests.assets import ROOT

DOCS = sorted((ROOT / "docs").glob("*.md"))


def test_the_settings_table_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "04-serving.md").read_text()
    found = re.search(r"<!-- settings: .*? -->\n\n(.*?)\n\n<!-- end of settings -->", text, re.DOTALL)
    assert found is not None
    assert found.group(1) == settings_table()


def test_every_recipe_of_the_zoo_is_listed() -> None:
    text = (ROOT / "docs" / "03-packing.md").read_text()
    assert [name for name in recipe_names() if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *DOCS], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
