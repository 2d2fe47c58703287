"""Where the negatives of a contrastive loss come from: the batch, a queue, a memory bank, prototypes of clusters."""

from robustlab.contrastive.engines.bank import MemoryBank
from robustlab.contrastive.engines.base import Engine
from robustlab.contrastive.engines.in_batch import InBatch
from robustlab.contrastive.engines.prototypes import Clustering, Prototypes, concentrations
from robustlab.contrastive.engines.queue import MomentumQueue

__all__ = ["Clustering", "Engine", "InBatch", "MemoryBank", "MomentumQueue", "Prototypes", "concentrations"]
