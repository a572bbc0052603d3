"""The three clients of docs/clients behind one face: each question goes to a real program in its language."""

import base64
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
CLIENTS = HERE.parent.parent / "docs" / "clients"
SITE = "https://www.example.com"


class Program:
    """A client in a process of its own, which keeps its file between two of them."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.shop, self.key, self.keys = "", "", list[dict[str, str]]()

    def ask(self, deed: str, **more: Any) -> Any:
        question = {
            "do": deed,
            "shop": self.shop,
            "key": self.key,
            "keys": self.keys,
            "instance": SITE,
        } | more
        done = subprocess.run(
            self.command, input=json.dumps(question) + "\n", capture_output=True, text=True, timeout=60
        )
        assert done.stderr == "" or "ExperimentalWarning" in done.stderr, done.stderr
        return json.loads(done.stdout)

    def read(self, texts: list[bytes]) -> list[Any]:
        return self.ask("read", texts=[base64.b64encode(text).decode() for text in texts])


class InPython(Program):
    """The Python client needs no other process."""

    def __init__(self, path: Path) -> None:
        super().__init__([])
        self.module, self.path = python_client(), path

    def ask(self, deed: str, **more: Any) -> Any:
        keys = {"keys": more.get("keys", self.keys)}
        shop, key = more.get("shop", self.shop), more.get("key", self.key)
        license_ = self.module.License(shop, key, SITE, keys=keys, path=self.path)
        try:
            if deed == "state":
                return license_.state(more.get("now"))
            result = getattr(license_, deed)()
        except self.module.Refused as refusal:
            return {"error": refusal.code}
        except self.module.Unreachable:
            return {"error": "Unreachable"}
        return True if deed == "activate" or result is None else result

    def read(self, texts: list[bytes]) -> list[Any]:
        def read(text: bytes) -> Any:
            try:
                return self.module.read(text.decode("latin-1"), {"keys": self.keys})
            except self.module.NotGenuine:
                return None

        return [read(text) for text in texts]


def python_client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dukkan_license", CLIENTS / "dukkan_license.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def php(path: Path, clients: Path = CLIENTS) -> Program:
    program = shutil.which("php")
    if not program:
        pytest.skip("php is not here: apt-get install php-cli")
    modules = subprocess.run([program, "-m"], capture_output=True, text=True, check=True).stdout
    if "sodium" not in modules:
        pytest.skip("php has no sodium")
    return Program([program, str(HERE / "wordpress.php"), str(path), SITE, str(clients)])


def node(path: Path) -> Program:
    program = shutil.which("node")
    if not program:
        pytest.skip("node is not here: apt-get install nodejs")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < 20:
        pytest.skip(f"node is too old: {version}")
    return Program([program, str(HERE / "node.mjs"), str(CLIENTS / "dukkan-license.mjs"), str(path)])


LANGUAGES: dict[str, Callable[[Path], Program]] = {"python": InPython, "php": php, "javascript": node}


@pytest.fixture(params=list(LANGUAGES))
def program(request: Any, tmp_path: Path) -> Program:
    return LANGUAGES[request.param](tmp_path / "kept")
