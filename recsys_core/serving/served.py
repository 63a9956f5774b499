"""Served models: the versions of a workspace under one variant, opened beside whatever answers at the moment."""

from __future__ import annotations

import math
from collections import OrderedDict

from recsys_core.compress.variants import VariantCache
from recsys_core.errors import WorkspaceError, require
from recsys_core.live.engine import Engine
from recsys_core.live.histories import LiveHistories
from recsys_core.models import artifact
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import Workspace
from recsys_core.rerankers import make_reranker
from recsys_core.results.serving import ServedVersion
from recsys_core.variant import ModelVariant
from recsys_core.versions import Versions

MOST_KEPT = 3  # the present one, the one before (for the way back), and the one before that
N_TRIED = 10  # requests that a version must answer before anybody else asks it


class ServedModels:
    """The versions of one workspace under one variant; the last few stay in memory.

    All share the data and the live histories that the service was started with: a model of other data is refused.

    Parameters
    ----------
    variant
        Its ``model`` is the one that is always served; empty for the workspace's current one, whichever that is.
    """

    def __init__(self, workspace: Workspace, variant: ModelVariant, histories: LiveHistories) -> None:
        self.workspace, self.variant, self.histories = workspace, variant, histories
        self.versions = Versions(workspace.path)
        self._kept: OrderedDict[ServedVersion, Engine] = OrderedDict()

    def wanted(self) -> ServedVersion:
        """The version that should be served now, as the disk says."""
        return self.versions.of_model(self.variant.model) if self.variant.model else self.versions.current()

    def open(self, version: ServedVersion) -> Engine:
        """A version that has answered ten known requests, at once where it was kept.

        Raises as `recsys_core.models.trained_model.TrainedModel.open`, what its variant or an answer raises,
        ``WorkspaceError`` ``serve.replaced`` and ``serve.answers``.
        """
        if version not in self._kept:
            self._kept[version] = self._opened(version)
        self._kept.move_to_end(version)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return self._kept[version]

    def _opened(self, version: ServedVersion) -> Engine:
        workspace, folder = self.workspace, self.workspace.models.folder(version.model)
        model = TrainedModel.open(  # anew: the workspace would give the model that it opened under this id before
            folder,
            workspace=workspace.path,
            name=workspace.name,
            split_dataset=workspace.split_dataset,
            variant=ModelVariant(self.variant.model),
        )
        scorer = VariantCache(model).scorer(self.variant.compression)
        reranker = make_reranker(self.variant.reranking, model.split_dataset, scorer)
        same = artifact.fingerprint(folder) == version.fingerprint  # else it was replaced while it was read
        require(same, WorkspaceError, "serve.replaced", model=version.model)
        engine = Engine(version, model, scorer, reranker, self.variant)
        engine.warm()
        self._try(engine)
        return engine

    def _try(self, engine: Engine) -> None:
        """Ask for lists of ten users of the data. Raises ``WorkspaceError`` for scores that are no numbers."""
        ids = self.workspace.dataset.users["user_id"]
        for place in range(0, len(ids), max(1, len(ids) // N_TRIED)):
            found = engine.recommend(self.histories.person(ids.iloc[place]), takers=self.histories.n_takers)
            sound = all(item.score is None or math.isfinite(item.score) for item in found.items)
            require(sound, WorkspaceError, "serve.answers", version=engine.served.version)
