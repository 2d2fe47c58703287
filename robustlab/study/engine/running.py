"""Have the missing cells of a study made, several at a time: by Snakemake, which has executors for clusters."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from robustlab.study.engine.executing import gpus as gpus
from robustlab.study.engine.grid import Scalar, Study
from robustlab.study.engine.plan import Plan, plan
from robustlab.study.engine.store import Store, write

SNAKEFILE = Path(__file__).resolve().parents[3] / "notebooks" / "Snakefile"
LOOK = 0.5  # seconds between two looks at the store


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be run.

    Attributes:
        study: Its name.
        profile: smoke, laptop or gpu.
        store: Folder of the rows.
        seeds: In place of the profile's.
        given: Values of parameters in place of the profile's.
        catalogue: File with further studies.
        retry: Try cells again that failed.
    """

    study: str
    profile: str
    store: Path
    seeds: Sequence[int] | None = None
    given: Mapping[str, Sequence[Scalar]] = field(default_factory=dict)
    catalogue: str | None = None
    retry: bool = False

    def looked_up(self, found: Study) -> Plan:
        """Where the cells of the order stand now."""
        return plan(found, self.profile, Store(self.store), seeds=self.seeds, given=self.given)


def run(order: Order, found: Study, workers: int, tell: Callable[[Plan], None], *, cluster: Path | None = None) -> Plan:
    """Make what is missing; where the cells stand in the end.

    Args:
        order: What is wanted.
        found: Its study.
        workers: Cells at a time.
        tell: Called with where the cells stand, now and then.
        cluster: Folder of a Snakemake profile that says where the cells run; else here.

    Raises:
        ValueError: If there are fewer than one worker, or no Snakefile to run.
        ChildProcessError: If Snakemake could not run; its last words are in the message.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    standing = order.looked_up(found)
    if not standing.todo(retry=order.retry):
        return standing
    if not SNAKEFILE.is_file():
        raise ValueError(f"studies run from a copy of the repository: there is no {SNAKEFILE}")
    log = order.store / "logs" / f"{order.study}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as opened:
        call = {"stdout": opened, "stderr": subprocess.STDOUT, "env": environment(), "start_new_session": True}
        process = subprocess.Popen(command(order, workers, cluster), **call)
        try:
            while process.poll() is None:
                tell(order.looked_up(found))
                time.sleep(LOOK)
        except BaseException:
            os.killpg(process.pid, 15)
            process.wait()
            raise
    standing = order.looked_up(found)
    tell(standing)
    if process.returncode and not standing.count()["failed"]:
        words = log.read_text(encoding="utf-8").strip().splitlines()[-15:]
        raise ChildProcessError(f"snakemake stopped with exit code {process.returncode}; {log} ends: {' '.join(words)}")
    return standing


def command(order: Order, workers: int, cluster: Path | None = None) -> list[str]:
    """The call of Snakemake that does the order, which is put into a file for it and for the machines of a cluster."""
    told = asdict(order) | {"store": str(order.store)}
    name = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
    file = order.store / "orders" / f"{order.study}-{name}.json"
    write(file, {"order": told})
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--cores", str(workers)),
        *(() if cluster is None else ("--profile", str(cluster.expanduser().resolve()), "--jobs", str(workers))),
        *("--directory", str(order.store), "--keep-going", "--rerun-incomplete", "--nolock", "--quiet", "rules"),
        *("--configfile", str(file), "--", "study"),
    ]


def environment() -> dict[str, str]:
    """One thread a cell, unless somebody wants more: cells that run at a time do not stand in each other's way."""
    return {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0", **os.environ}
