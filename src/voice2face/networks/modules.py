"""The five networks, top to bottom (Table 1 of the report, Table 1 of Wen et al. 2019).

Widths are those of the table times ``width``; what the table and the released program do
differently is a setting (see :mod:`voice2face.networks.variants`). Each network's ``state_dict``
lists its tensors in the order of the released program's, which is how the authors' weights are
imported.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import register_parametrization

from voice2face.networks.layers import SpectralNorm, WideConvTranspose2d
from voice2face.settings import CriticSettings, GeneratorSettings, VoiceEncoderSettings

LEAK = 0.2  # slope of LeakyReLU
WIDE_UP_TO = 8  # output pixels of the generator's layers that have more weights than pixels


def scaled(channels: int, width: float) -> int:
    """Channels at a share ``width`` of the full width, at least one."""
    return max(1, round(channels * width))


class VoiceEncoder(nn.Module):
    """Log-mel features to one embedding: five strided convolutions and a mean over time.

    Each step of ``frame_embeddings`` sees 63 frames and lies 32 frames after the one before.
    """

    def __init__(self, settings: VoiceEncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        n_in = settings.n_mels
        for i, full in enumerate(settings.channels, start=1):
            n_out = scaled(full, settings.width)
            # No bias: the batch normalisation that follows has its own.
            layers[f"conv{i}"] = nn.Conv1d(n_in, n_out, 3, stride=2, padding=1, bias=False)
            layers[f"norm{i}"] = nn.BatchNorm1d(n_out)
            layers[f"relu{i}"] = nn.ReLU(inplace=True)
            n_in = n_out
        layers["embed"] = nn.Conv1d(n_in, settings.embedding_dim, 3, stride=2, padding=1)
        if settings.norm_output:
            layers["norm_embed"] = nn.BatchNorm1d(settings.embedding_dim)
            layers["relu_embed"] = nn.ReLU(inplace=True)
        self.layers = nn.Sequential(layers)

    def frame_embeddings(self, features: Tensor) -> Tensor:
        """Embeddings along time, before the mean.

        Args:
            features: Normalised log-mel, shape (batch, n_mels, frames).

        Returns:
            Shape (batch, embedding_dim, ceil(frames / 32)).
        """
        return self.layers(features)  # type: ignore[no-any-return]

    def forward(self, features: Tensor) -> Tensor:
        """One embedding per recording, of any length: (batch, n_mels, frames) → (batch, dim)."""
        return self.frame_embeddings(features).mean(dim=2)


class Generator(nn.Module):
    """Embedding to face: transposed convolutions from 4×4 up to ``face_px``, then one 1×1."""

    def __init__(self, settings: GeneratorSettings) -> None:
        super().__init__()
        self.settings = settings
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        n_in, px = settings.embedding_dim, 4
        while px <= settings.face_px:
            n_out = scaled(4096 // px, settings.width)  # 1024 channels at 4×4, 64 at 64×64
            layers[f"deconv{px}"] = _upsample(n_in, n_out, px, settings.kernel)
            if settings.batch_norm:
                layers[f"norm{px}"] = nn.BatchNorm2d(n_out)
            layers[f"relu{px}"] = nn.ReLU(inplace=True)
            # pix2pix (Isola et al. 2017) drops out in its three innermost decoding layers.
            if settings.dropout and px <= 16:
                layers[f"dropout{px}"] = nn.Dropout(settings.dropout)
            n_in, px = n_out, px * 2
        layers["to_rgb"] = nn.ConvTranspose2d(n_in, 3, 1)
        if settings.tanh:
            layers["tanh"] = nn.Tanh()
        self.layers = nn.Sequential(layers)

    def forward(self, embedding: Tensor) -> Tensor:
        """Faces, nominally in [-1, 1]: (batch, embedding_dim) → (batch, 3, face_px, face_px)."""
        return self.layers(embedding[:, :, None, None])  # type: ignore[no-any-return]


def _upsample(n_in: int, n_out: int, px: int, kernel: int) -> nn.ConvTranspose2d:
    """Layer whose output is ``px`` wide."""
    if px == 4:
        return nn.ConvTranspose2d(n_in, n_out, 4)
    # A 3×3 kernel alone would give 4-7-13-25-49; one row and column of output padding gives the
    # sizes that the table prints.
    kind = WideConvTranspose2d if px <= WIDE_UP_TO else nn.ConvTranspose2d
    return kind(n_in, n_out, kernel, stride=2, padding=1, output_padding=1 if kernel == 3 else 0)


class FaceTrunk(nn.Module):
    """Face to a vector: one 1×1 convolution, strided ones down to 4×4, one over what is left."""

    def __init__(self, settings: CriticSettings) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        px: int = settings.face_px
        n_in = scaled(2048 // px, settings.width)
        layers[f"conv{px}"] = nn.Conv2d(3, n_in, 1)  # 32 channels at 64×64
        layers.update(_activation(n_in, px, settings))
        while px > 4:
            px //= 2
            n_out = scaled(2048 // px, settings.width)  # 512 channels at 4×4
            layers[f"conv{px}"] = nn.Conv2d(n_in, n_out, settings.kernel, stride=2, padding=1)
            layers.update(_activation(n_out, px, settings))
            n_in = n_out
        layers["embed"] = nn.Conv2d(n_in, settings.trunk_dim, 4)
        if settings.leaky_output:
            layers.update(_activation(settings.trunk_dim, 1, settings))
        if settings.spectral_norm:
            for layer in layers.values():
                if isinstance(layer, nn.Conv2d):
                    register_parametrization(layer, "weight", SpectralNorm(layer.weight))
        self.layers = nn.Sequential(layers)

    def forward(self, faces: Tensor) -> Tensor:
        """(batch, 3, face_px, face_px) in [-1, 1] → (batch, trunk_dim)."""
        return self.layers(faces).flatten(1)  # type: ignore[no-any-return]


def _activation(channels: int, px: int, settings: CriticSettings) -> dict[str, nn.Module]:
    layers: dict[str, nn.Module] = {}
    if settings.batch_norm:
        layers[f"norm{px}"] = nn.BatchNorm2d(channels)
    layers[f"leaky{px}"] = nn.LeakyReLU(LEAK, inplace=True)
    if settings.dropout:
        layers[f"dropout{px}"] = nn.Dropout(settings.dropout)
    return layers


class Critics(nn.Module):
    """Discriminator (real or made?) and classifier (who?).

    They share one trunk, as in the released program, or have one each, as in the report's table.
    """

    def __init__(self, settings: CriticSettings, n_identities: int) -> None:
        super().__init__()
        self.face_trunk = FaceTrunk(settings)
        self.discriminator = nn.Linear(settings.trunk_dim, 1, bias=False)
        self.classifier = nn.Linear(settings.trunk_dim, n_identities, bias=False)
        self.classifier_trunk = None if settings.shared_trunk else FaceTrunk(settings)
        self.uses_batch = settings.batch_norm  # what a face gives depends on those beside it

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of "real", (batch,), and of each identity, (batch, n_identities)."""
        vectors = self.face_trunk(faces)
        return self._is_real(vectors), self._identity(faces, vectors)

    def compare(self, real_faces: Tensor, fake_faces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of "real" of both, and of each identity of the real ones.

        One pass over all faces; two where there is batch normalisation, so that real and fake ones
        keep statistics of their own.
        """
        if self.uses_batch:
            of_real, of_fake = self.face_trunk(real_faces), self.face_trunk(fake_faces)
        else:
            faces = torch.cat((real_faces.to(fake_faces.dtype), fake_faces))
            of_real, of_fake = self.face_trunk(faces).tensor_split((len(real_faces),))
        identity = self._identity(real_faces, of_real)
        return self._is_real(of_real), self._is_real(of_fake), identity

    def real(self, faces: Tensor) -> Tensor:
        """Logits of "real" alone, (batch,)."""
        return self._is_real(self.face_trunk(faces))

    def _is_real(self, vectors: Tensor) -> Tensor:
        logits: Tensor = self.discriminator(vectors)
        return logits.squeeze(1)

    def _identity(self, faces: Tensor, vectors: Tensor) -> Tensor:
        if self.classifier_trunk is not None:
            vectors = self.classifier_trunk(faces)
        logits: Tensor = self.classifier(vectors)
        return logits


def unit(embedding: Tensor) -> Tensor:
    """Scale each row to length one."""
    return nn.functional.normalize(embedding, dim=1)
