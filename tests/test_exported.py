import numpy as np
import onnx
import pytest
import torch
from torch import nn

from voice2face.errors import ModelError
from voice2face.onnx_files import Network
from voice2face.release.export import IR_VERSION, OPSET
from voice2face.release.exported import export


class TwoBranches(nn.Module):
    """What ``release.export`` can't write: a skip, a resize, two inputs and two outputs."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.Conv2d(4, 3, 3, padding=1)
        self.row = nn.Linear(5, 3)

    def forward(self, picture, code):
        small = nn.functional.silu(self.down(picture))
        large = nn.functional.interpolate(small, scale_factor=2, mode="nearest")
        return picture + self.up(large), self.row(code)


class Otherwise(nn.Module):
    """Exported it does something else."""

    def forward(self, given):
        return given + 1 if torch.compiler.is_exporting() else given


def test_a_network_with_branches_gives_in_its_file_what_torch_gives(tmp_path):
    torch.manual_seed(0)
    module, path = TwoBranches(), tmp_path / "two.onnx"
    examples = {"picture": torch.randn(2, 3, 8, 8), "code": torch.randn(2, 5)}
    export(module, examples, path, ["face", "row"])
    picture, code = torch.randn(3, 3, 8, 8), torch.randn(3, 5)
    given = {"picture": picture.numpy(), "code": code.numpy()}
    face, row = Network(path).run(["face", "row"], given)
    wanted = module(picture, code)
    np.testing.assert_allclose(face, wanted[0].detach(), atol=1e-5)
    np.testing.assert_allclose(row, wanted[1].detach(), atol=1e-5)
    assert b".py" not in path.read_bytes()  # nothing of the machine that it was made on
    model = onnx.load(path)
    assert model.ir_version == IR_VERSION
    assert [one.version for one in model.opset_import if one.domain == ""] == [OPSET]


def test_a_file_that_gives_other_numbers_is_not_written(tmp_path):
    path = tmp_path / "otherwise.onnx"
    with pytest.raises(ModelError, match="off what torch gives"):
        export(Otherwise(), {"given": torch.ones(2, 3)}, path, ["other"])
    assert not path.exists()


def test_a_network_that_cannot_be_exported_is_refused_in_one_line(tmp_path):
    class Branching(nn.Module):
        def forward(self, given):
            return given * 2 if given.sum() > 0 else given

    with pytest.raises(ModelError, match="a network that can be exported wanted") as refused:
        export(Branching(), {"given": torch.ones(2, 3)}, tmp_path / "no.onnx", ["twice"])
    assert "\n" not in str(refused.value)
