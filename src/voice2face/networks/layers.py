"""Two layers that PyTorch has not: one that is fast on a CPU, one that bounds its own slope."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class WideConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution with stride 2 and padding 1 that has more weights than pixels.

    The same as its parent, parameters and numbers; but on a CPU in bfloat16 its gradients are two
    matrix products. oneDNN 3.12 needs three times as long for that of the weights when there are
    millions of them and the picture is 4×4 (``benchmarks/training_step.py``).
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(batch, n_in, px, px) → (batch, n_out, 2 px, 2 px)."""
        tuned = (
            x.device.type == "cpu"
            and torch.is_grad_enabled()
            and torch.is_autocast_enabled("cpu")
            and torch.get_autocast_dtype("cpu") == torch.bfloat16
        )
        if not tuned:
            return super().forward(x, output_size)
        assert self.bias is not None
        half = (part.to(torch.bfloat16) for part in (x, self.weight, self.bias))
        y: Tensor = _Upsample.apply(*half, self.output_padding[0])  # type: ignore[no-untyped-call]
        return y


class _Upsample(torch.autograd.Function):
    """Stride 2, padding 1; backward by way of the patches that each input pixel adds to."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, output_padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.conv_transpose2d(x, weight, bias, 2, 1, output_padding)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        (n_in, n_out, size, _), (batch, _, height, width) = weight.shape, x.shape
        # Channels come last, as they lie in memory: each patch is copied in long runs.
        framed = F.pad(slope.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        patches = framed.unfold(1, size, 2).unfold(2, size, 2)  # (b, h, w, n_out, size, size)
        rows = patches.permute(0, 1, 2, 4, 5, 3).reshape(-1, size * size * n_out)
        kernel = weight.permute(0, 2, 3, 1).reshape(n_in, -1)
        pixels = x.permute(0, 2, 3, 1).reshape(-1, n_in)
        of_x = (rows @ kernel.T).view(batch, height, width, n_in).permute(0, 3, 1, 2)
        of_weight = (pixels.T @ rows).view(n_in, size, size, n_out).permute(0, 3, 1, 2)
        return of_x, of_weight, slope.sum((0, 2, 3)), None


class SpectralNorm(nn.Module):
    """A weight divided by its largest singular value (Miyato et al. 2018), for ``parametrize``.

    The value is followed by one step of power iteration at each call while training. All of it in
    32 bits, whatever the precision around it.
    """

    left: Tensor
    right: Tensor

    def __init__(self, weight: Tensor, n_start: int = 15) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)  # (n_out, n_in × kernel area)
        self.register_buffer("left", _unit(torch.randn_like(matrix[:, 0])))
        self.register_buffer("right", _unit(torch.randn_like(matrix[0])))
        for _ in range(n_start):
            self._follow(matrix)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight at norm one, same shape."""
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            if self.training:
                self._follow(matrix.detach())
            # Copies: the next call changes the vectors in place, before this one's backward.
            norm = self.left.clone() @ (matrix @ self.right.clone())
            return weight / norm

    @torch.no_grad()
    def _follow(self, matrix: Tensor) -> None:
        self.left.copy_(_unit(matrix @ self.right))
        self.right.copy_(_unit(matrix.T @ self.left))


def _unit(vector: Tensor) -> Tensor:
    return F.normalize(vector, dim=0)
