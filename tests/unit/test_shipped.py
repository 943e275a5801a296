"""Shipped files are found in a checkout and in a wheel, and nowhere else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from streams import shipped as module
from streams.shipped import shipped

ROOT = Path(__file__).resolve().parents[2]


def test_a_checkout_holds_them_beside_the_package() -> None:
    """In a checkout the name leads to the file that is edited there."""
    assert shipped("dashboards/README.md") == ROOT / "dashboards" / "README.md"


def test_an_installed_package_holds_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder inside the package comes first."""
    inside = tmp_path / "_shipped" / "config"
    inside.mkdir(parents=True)
    (inside / "some.csv").touch()
    monkeypatch.setattr(module, "_ROOTS", (tmp_path / "_shipped", tmp_path))
    assert shipped("config/some.csv") == inside / "some.csv"


def test_a_missing_file_is_named() -> None:
    """The error says which file is missing."""
    with pytest.raises(FileNotFoundError, match=r"holds no config/never\.csv"):
        shipped("config/never.csv")


@pytest.mark.parametrize("name", ["/etc/hostname", "config/../../outside"])
def test_only_shipped_folders_are_searched(name: str) -> None:
    """A name cannot leave the folders."""
    with pytest.raises(ValueError, match="relative path"):
        shipped(name)


def test_the_wheel_brings_the_files_along(tmp_path: Path) -> None:
    """A built wheel holds code and shipped folders where ``shipped`` looks, and no test."""
    wheel = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"streams/shipped.py", "streams/_shipped/dashboards/overview.json"} <= names
    assert not any("dashboards/source" in name for name in names)
    config = [path for path in (ROOT / "config").rglob("*") if path.is_file()]
    assert {f"streams/_shipped/{path.relative_to(ROOT)}" for path in config} <= names
    assert {"prometheus.yml", "alertmanager.yml", "voucherwatch.tmpl", "pipeline.yml"} <= {path.name for path in config}
    assert not any(name.startswith(("tests/", "config/", "dashboards/")) for name in names)
