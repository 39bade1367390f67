"""Plan folders as they were when they decided, kept by their hash."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from spatial.errors import PlanError, PlanNotFoundError
from zoning.plan import Plan
from zoning.plan_files import load_plan

__all__ = ["PlanArchive"]

KEPT: Final = (".toml", ".csv")


class PlanArchive:
    """Rule files under their hash, so that a decision can be judged again by its own rules.

    Parameters
    ----------
    folder : Path
        Created where it is not there.

    Examples
    --------
    >>> from zoning import load_plan, sample_plan_folder
    >>> archive = PlanArchive(Path(tempfile.mkdtemp()))
    >>> plan = load_plan(sample_plan_folder("rdtr"))
    >>> archive.keep([plan])
    >>> archive.load("rdtr", plan.version, None).version == plan.version
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, plans: Iterable[Plan]) -> None:
        """Copy plan folders that are not kept yet.

        Raises
        ------
        PlanError
            `plan_changed`, if the files are no longer those that were loaded: a decision by
            them could not be judged again.
        """
        for plan in plans:
            if plan.folder is not None and not (self.folder / plan.version).exists():
                self._copy(plan, plan.folder)

    def load(self, plan_id: str, version: str, source: Any, meter: Any = None) -> Plan:
        """Load a plan as it was; `source` and `meter` as for `load_plan`.

        Raises
        ------
        PlanNotFoundError
            `plan_version_unknown`, if it was never kept or its files were changed since.
        """
        path = self.folder / version
        if path.is_dir():
            plan = load_plan(path, source, meter)
            if plan.version == version and plan.id == plan_id:
                return plan
        raise PlanNotFoundError(
            "plan {plan} of version {version} is not in the archive, or was changed there",
            code="plan_version_unknown",
            hint="Restore the folder of the register from a backup",
            plan=plan_id,
            version=version[:12],
        )

    def _copy(self, plan: Plan, folder: Path) -> None:
        staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=self.folder))
        try:
            for path in sorted(folder.iterdir()):
                if path.suffix in KEPT and path.is_file():
                    shutil.copyfile(path, staging / path.name)
                    _sync(staging / path.name)
            if load_plan(staging).version != plan.version:
                raise PlanError(
                    "the files of plan {plan} were changed since they were loaded",
                    code="plan_changed",
                    hint="Open the workspace again; then decisions follow the changed rules",
                    plan=plan.id,
                )
            target = self.folder / plan.version
            if not target.exists():
                staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
