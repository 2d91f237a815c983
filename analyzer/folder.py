"""May this case folder be written, and how does it appear whole or not at all?"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.case import Case
from analyzer.errors import EnvironmentTrouble, HashMismatch, SettingsError
from analyzer.lock import alone
from analyzer.window import Window

if TYPE_CHECKING:
    from analyzer.site import Site


@dataclass(frozen=True)
class Settings:
    """What, beside the evidence, decides the results."""

    site: dict[str, Any]
    year: int | None
    window: Window

    @classmethod
    def of(
        cls, site: Site | None, path: Path | None, year: int | None, window: Window | None = None
    ) -> Settings:
        stated = site.model_dump(mode="json", exclude_none=True) if site else {}
        return cls({"path": path.name if path else None, **stated}, year, window or Window())

    @property
    def known(self) -> dict[str, Any]:
        """What is known before any log is read."""
        return {"site": self.site, "year": self.year}

    def as_json(self, *, inferred: bool) -> dict[str, Any]:
        return {
            "tool": {"name": "relaytrail", "version": version("relaytrail")},
            "options": {
                "year": self.year,
                "since": self.window.since,
                "until": self.window.until,
            },
            "site": {"origin": "inferred" if inferred else "given", **self.site},
        }

    def same_as(self, manifest: dict[str, Any]) -> bool:
        mine, theirs = (
            self.as_json(inferred=False),
            {name: manifest.get(name) for name in ("tool", "options", "site")},
        )
        for said in (mine, theirs):
            said["site"] = {k: v for k, v in (said["site"] or {}).items() if k != "origin"}
        return mine == theirs


# What other commands put into a case; it stays when the case is made anew of its evidence.
ADDED = ("relay_test.json", "relay_test.txt", "dnsbl.json", "audit.json")
OURS = {"tool", "options", "site", "inputs", "outputs"}  # what every manifest of a case has


def _places(evidence: Sequence[str | Path]) -> Iterator[Path]:
    """What the arguments stand for, patterns expanded; standard input is nowhere."""
    for argument in map(str, evidence):
        if argument != "-":
            pattern = glob.iglob(argument, recursive=True)  # noqa: PTH207 - may be absolute
            found = [argument] if Path(argument).exists() else pattern
            yield from (Path(name).resolve() for name in found)


class CaseFolder:
    """The folder of one case: refused, resumed, or replaced in one step.

    Raises:
        SettingsError: it lies inside the evidence, is no case, or was made with other settings.
        EnvironmentTrouble: it cannot be written.
    """

    def __init__(
        self, path: Path, evidence: Sequence[str | Path], settings: Settings, force: bool
    ) -> None:
        self.path = path.absolute()
        self._settings, self._force = settings, force
        self._started = time.time()
        self._outside(evidence)
        if self.path.exists() and not self.path.is_dir():
            raise SettingsError("this is a file", path, "Give a folder for the case.")
        self._manifest = self._read_manifest()
        self._writable()

    @property
    def blocks(self) -> Path:
        """Where what was read of large evidence lies until the case is written."""
        return self.path.with_name(f".{self.path.name}.blocks")

    def _outside(self, evidence: Sequence[str | Path]) -> None:
        """Neither may lie in the other: a case among logs is read, and logs in a case replaced."""
        case = self.path.resolve()
        for place in _places(evidence):
            if place.is_dir() and case.is_relative_to(place):
                what, remedy = "the case would lie inside the evidence", f"a folder outside {place}"
                raise SettingsError(what, self.path, f"Give --case {remedy}.")
            if place.is_relative_to(case):
                what, remedy = "the evidence lies inside the case", "another folder"
                raise SettingsError(what, self.path, f"Give --case {remedy}.")

    def _read_manifest(self) -> dict[str, Any] | None:
        if not self.path.exists() or not any(self.path.iterdir()):
            return None
        try:
            manifest = json.loads((self.path / "manifest.json").read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            manifest = None
        if not isinstance(manifest, dict) or OURS - manifest.keys():
            what = "the folder is not empty and no case"
            raise SettingsError(what, self.path, "Give --case another folder.")
        if not self._force and not self._settings.same_as(manifest):
            what = "this case was made with other settings"
            remedy = "Give another --case, or --force to replace it."
            raise SettingsError(what, self.path, remedy)
        return manifest

    def _writable(self) -> None:
        parent = next(place for place in self.path.parents if place.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            raise EnvironmentTrouble(
                "cannot be written", parent, "Give --case a folder that you may write to."
            )

    def already(self, hashes: Sequence[str]) -> Case | None:
        """The case, if it was made of just this evidence.

        Raises:
            HashMismatch: an output is not what the manifest says.
            SettingsError: it was made of evidence that is not among this.
        """
        if self._manifest is None or self._force:
            return None
        before = {entry["sha256"] for entry in self._manifest["inputs"]}
        if missing := sorted(before - set(hashes)):
            names = ", ".join(e["path"] for e in self._manifest["inputs"] if e["sha256"] in missing)
            raise SettingsError(
                f"this case also holds other evidence: {names}",
                self.path,
                "Give all of it, another --case, or --force to replace it.",
            )
        if before != set(hashes):
            return None  # more evidence: the case is made anew of all of it
        return unaltered(self.path)

    @contextlib.contextmanager
    def new(self) -> Iterator[Path]:
        """A folder to write to, which takes the case's place when all is written."""
        with in_place_of(self.path) as partial:
            partial.mkdir()
            altered = [name for name in ADDED if not self._kept(name, partial)]
            with alone(partial):
                yield partial
            self._log(partial, altered)

    def _kept(self, name: str, partial: Path) -> bool:
        """Copy what another command put into the case; False if somebody altered it since."""
        source = self.path / name
        if self._manifest is None or not source.is_file():
            return True
        outputs = self._manifest["outputs"]
        if not isinstance(outputs, dict) or outputs.get(name) != _sha256(source):
            return False
        shutil.copyfile(source, partial / name)
        return True

    def _log(self, folder: Path, altered: Sequence[str]) -> None:
        """run.log tells of this run; nothing else in a case does."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started))
        took = time.time() - self._started
        lost = "".join(f"left out {name}: not what the manifest said\n" for name in altered)
        (folder / "run.log").write_text(f"started {stamp}\ntook {took:.1f} s\n{lost}", "utf-8")


def unaltered(case: Path) -> Case:
    """The case in the folder.

    Raises:
        SettingsError: the folder is no case.
        HashMismatch: an output is not what the manifest says.
    """
    untouched(case)
    return Case.load(case)


def untouched(case: Path, only: Sequence[str] = ()) -> None:
    """The same, of all outputs or only of these, and nothing is loaded."""
    for name, expected in _outputs(case).items():
        output = case / name
        if (not only or name in only) and (not output.is_file() or _sha256(output) != expected):
            remedy = "Run analyze with --force to make the case anew."
            raise HashMismatch("is not what the manifest says", output, remedy)


def _outputs(case: Path) -> dict[str, str]:
    """SHA-256 of every output, as the manifest states it."""
    path = case / "manifest.json"
    try:
        outputs = json.loads(path.read_text("utf-8"))["outputs"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        outputs = None
    if not isinstance(outputs, dict) or not outputs:
        remedy = "Give a folder that `relaytrail analyze` wrote."
        raise SettingsError("this is not a case folder: it has no whole manifest", case, remedy)
    return outputs


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def amended(case: Path) -> Iterator[Path]:
    """A folder with all that the case holds, which takes its place when more is written to it.

    Tables are not to be written to: they may be the very files of the case.
    """
    with in_place_of(case.absolute()) as partial:
        shutil.copytree(case, partial, copy_function=_same)
        yield partial


def _same(source: str, target: str) -> None:
    """A table is large and stays as it is: one more name for it will do, where that can be had."""
    if source.endswith(".parquet"):
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)


@contextlib.contextmanager
def in_place_of(folder: Path) -> Iterator[Path]:
    """A path beside the folder, whose content takes the folder's place, or nothing happens.

    Raises:
        EnvironmentTrouble: it cannot be written.
    """
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        _clear_up_after_killed(folder)
        yield partial
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    except OSError as error:
        raise EnvironmentTrouble(
            f"cannot be written: {error.strerror or error}",
            folder,
            "Free some space, or give --case another folder.",
        ) from error
    finally:
        if old.exists() and not folder.exists():  # stopped between the two renames
            old.rename(folder)
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _clear_up_after_killed(folder: Path) -> None:
    """Halves of a case go, if their process is no more, here or on another machine."""
    begin = f".{folder.name}.partial-"
    for path in folder.parent.iterdir() if os.name == "posix" else ():
        pid = path.name.removeprefix(begin)
        if not path.name.startswith(begin) or not pid.isdecimal():
            continue
        try:
            os.kill(int(pid), 0)  # asks whether it is there
        except (ProcessLookupError, OverflowError):
            with alone(path) as ours:
                if ours:
                    shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # it is, and another user's
