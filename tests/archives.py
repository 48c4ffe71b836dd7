"""TorchScript archives written by hand, so that no test needs Python torch."""

import zipfile
from pathlib import Path

CLASSIFIER = """
def forward(self: __torch__.Net, images: Tensor) -> Tensor:
  return torch.mul(torch.mean(images, [2, 3]), 10)
"""
"""Logits [N, 3]: ten times the mean of each colour channel."""

CONVOLUTION = """
def forward(self: __torch__.Net, images: Tensor) -> Tensor:
  weight = torch.div(torch.reshape(torch.arange(216, dtype=6), [8, 3, 3, 3]), 216)
  bias = torch.ones([8])
  first = torch.relu(torch.conv2d(images, weight, bias, [1, 1], [1, 1]))
  weight0 = torch.div(torch.reshape(torch.arange(576, dtype=6), [8, 8, 3, 3]), 576)
  second = torch.relu(torch.conv2d(first, weight0, bias, [2, 2], [1, 1]))
  return torch.mean(second, [2, 3])
"""
"""Two convolutions that can be fused with what follows them; output [N, 8]."""


def write_archive(path: Path, forward: str, *, counter: bool = False) -> Path:
    """An archive with one module `Net` without weights.

    Args:
        path: of the archive.
        forward: its code as TorchScript writes it; `self` is `__torch__.Net`, and integer 6 stands for float32.
        counter: whether the module has an attribute `n`, an int.
    """
    body = "".join(f"  {line}\n" if line else "\n" for line in forward.strip("\n").split("\n"))
    head = "class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
    head += "  n : int\n" if counter else ""
    number = b"X\x01\x00\x00\x00nK\x00" if counter else b""
    module = b"\x80\x02c__torch__\nNet\n)\x81}(X\x08\x00\x00\x00training\x89" + number + b"ub."
    records = {
        "data.pkl": module,
        "code/__torch__.py": (head + body).encode(),
        "constants.pkl": b"\x80\x02).",
        "version": b"3\n",
    }
    with zipfile.ZipFile(path, "w") as archive:  # stored, as libtorch wants it
        for name, content in records.items():
            archive.writestr(f"net/{name}", content)
    return path
