"""Recommenders that read nothing but a history, trained on MovieLens-1M: an MLP and a variational autoencoder."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn
from torch.nn import functional as F

LIKED, TEST_SHARE, SEED = 3.5, 0.2, 0
BATCH, LEARNING_RATE, WEIGHT_DECAY, INPUT_DROPOUT = 256, 1e-3, 1e-5, 0.5
MOST_KL, WARM_UP_STEPS = 0.2, 1000  # Liang et al. 2018: the weight of the prior rises to less than 1


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """What users liked as 0/1 rows, users of training and of test apart."""

    train: csr_array
    test: csr_array


def read_histories(folder: Path) -> Histories:
    """MovieLens-1M, ratings above 3.5 as taken, a fifth of the users for the test (LXR: Barkan et al. 2024)."""
    with gzip.open(folder / "ratings.dat.gz", "rt") as lines:
        table = np.array([[int(x) for x in line.split("::")[:3]] for line in lines])
    users, items = (np.unique(table[:, column], return_inverse=True) for column in (0, 1))
    liked = table[:, 2] > LIKED
    at = (users[1][liked], items[1][liked])
    taken = csr_array((np.ones(liked.sum(), dtype=np.float32), at), shape=(len(users[0]), len(items[0])))
    order = np.random.default_rng(SEED).permutation(taken.shape[0])
    n_test = int(TEST_SHARE * len(order))
    return Histories(taken[np.sort(order[n_test:])], taken[np.sort(order[:n_test])])


class Mlp(nn.Module):
    """One hidden layer from the rows of items to a score an item; the history's length plays a part."""

    def __init__(self, n_items: int, hidden: int = 256) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(n_items, hidden), nn.Linear(hidden, n_items)

    def from_first(self, pre: Tensor) -> Tensor:
        """The last hidden layer from the first layer's sums."""
        return torch.relu(pre)

    def prior(self, pre: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden layer, and no penalty."""
        return torch.relu(pre), pre.new_zeros(())

    @staticmethod
    def scaled(rows: Tensor) -> Tensor:
        return rows

    @staticmethod
    def scales(sizes: Tensor) -> Tensor:
        """What a row of ``sizes`` items is multiplied by."""
        return torch.ones_like(sizes)


class Vae(nn.Module):
    """Mult-VAE (Liang et al. 2018): rows of unit length, 512-128-512; scores from the mean of the latent vector."""

    def __init__(self, n_items: int, hidden: int = 512, latent: int = 128) -> None:
        super().__init__()
        self.first, self.latent = nn.Linear(n_items, hidden), nn.Linear(hidden, 2 * latent)
        self.decode, self.last = nn.Linear(latent, hidden), nn.Linear(hidden, n_items)

    def from_first(self, pre: Tensor) -> Tensor:
        mean = self.latent(torch.tanh(pre)).chunk(2, -1)[0]
        return torch.tanh(self.decode(mean))

    def prior(self, pre: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden layer from a draw of the latent vector, and how far its distribution is from the prior."""
        mean, log_variance = self.latent(torch.tanh(pre)).chunk(2, -1)
        distance = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(-1).mean()
        drawn = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return torch.tanh(self.decode(drawn)), distance

    @staticmethod
    def scaled(rows: Tensor) -> Tensor:
        return F.normalize(rows, dim=-1)

    @staticmethod
    def scales(sizes: Tensor) -> Tensor:
        return sizes.clamp(min=1).rsqrt()


MODELS: dict[str, type[Mlp] | type[Vae]] = {"mlp": Mlp, "vae": Vae}
EPOCHS = {"mlp": 40, "vae": 80}


def train(name: str, taken: csr_array, *, epochs: int) -> nn.Module:
    """Fit by the multinomial likelihood with dropout on the input, one seed."""
    torch.manual_seed(SEED)
    model = MODELS[name](taken.shape[1])
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    step = 0
    for epoch in range(epochs):
        for at in torch.randperm(taken.shape[0]).split(BATCH):
            rows = torch.from_numpy(taken[at.numpy()].toarray())
            hidden, distance = model.prior(model.first(F.dropout(model.scaled(rows), INPUT_DROPOUT)))
            loss = -(F.log_softmax(model.last(hidden), -1) * rows).sum(-1).mean()
            loss = loss + MOST_KL * min(1.0, step / WARM_UP_STEPS) * distance
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            step += 1
        print(f"{name}: epoch {epoch + 1} of {epochs}, loss {loss.item():.2f}", flush=True)
    return model.eval()


def trained(name: str, taken: csr_array, folder: Path, *, epochs: int | None = None) -> nn.Module:
    """The model of this name, read from ``folder`` where it was trained before."""
    from safetensors.torch import load_file, save_file

    path = folder / f"{name}.safetensors"
    if path.exists():
        model = MODELS[name](taken.shape[1])
        model.load_state_dict(load_file(path))
        return model.eval()
    model = train(name, taken, epochs=epochs or EPOCHS[name])
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), path)
    return model


class HistoryModel:
    """A trained model as a scorer of histories; its first layer is linear, so a subset is a sum of few columns."""

    def __init__(self, model: nn.Module) -> None:
        self.model, self.n_items = model, model.first.in_features
        self.first = model.first.weight.detach().T.contiguous()

    @torch.inference_mode()
    def score_subsets(self, items: np.ndarray, masks: np.ndarray, candidates: np.ndarray | None = None) -> np.ndarray:
        """Scores ``(n, n_candidates)`` of subsets ``(n, m)`` of a history's ``items`` ``(m,)``."""
        chosen = torch.from_numpy(np.asarray(masks, dtype=np.float32))
        scale = self.model.scales(chosen.sum(1, keepdim=True))
        pre = (chosen @ self.first[torch.from_numpy(items)]) * scale + self.model.first.bias
        hidden, last = self.model.from_first(pre), self.model.last
        if candidates is None:
            return last(hidden).numpy()
        at = torch.from_numpy(candidates)
        return F.linear(hidden, last.weight[at], last.bias[at]).numpy()
