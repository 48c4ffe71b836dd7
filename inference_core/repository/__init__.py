"""The models of one process: which bundles there are, in which state each is, and who uses it."""

from inference_core.repository.entry import Entry
from inference_core.repository.finding import find_bundles
from inference_core.repository.model import Model
from inference_core.repository.repository import Repository

__all__ = ["Entry", "Model", "Repository", "find_bundles"]
