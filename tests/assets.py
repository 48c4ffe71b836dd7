"""Real models and photographs, where a checkout has them beside it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ASSETS = ROOT.parent / "shared" / "assets"
COCO = ASSETS / "images" / "coco_val2017"
BEAR = COCO / "images" / "000000000285.jpg"

needs_assets = pytest.mark.skipif(
    not ASSETS.is_dir(), reason="the real models and photographs are not beside this checkout"
)
