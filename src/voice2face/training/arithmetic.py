"""How a device computes while something is trained."""

import torch


def set_arithmetic(device: torch.device, precision: str) -> None:
    """How an NVIDIA GPU computes in 32 bits: exactly if the training is in them, else fast.

    With fp32 products are not rounded to TF32, which PyTorch does in convolutions unless told, and
    convolutions add up in the same order each time, so that a run can be repeated. With bf16
    neither. Settings of the whole process.
    """
    if device.type == "cuda":
        fast = precision == "bf16"
        torch.backends.cuda.matmul.allow_tf32 = fast
        torch.backends.cudnn.allow_tf32 = fast
        torch.backends.cudnn.deterministic = not fast
