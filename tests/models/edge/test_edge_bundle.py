"""Only a private model's factors leave the home, with what they cost and nothing that was not paid for."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_fixture import Cli
from edge_world import CONFIG, DELTA, histories, store, taken

from media_privacy_pipeline.cli.edge import edge_bundle
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.edge.bundle import private_factors, stored_model, written
from media_privacy_pipeline.models.private.recommender import PrivateAls
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.registry import Registry
from media_privacy_pipeline.privacy.accountant import epsilon_of


def test_a_bundle_says_what_it_is_and_holds_what_it_says(tmp_path: Path, model: PrivateAls) -> None:
    name = store(tmp_path / "models", model)
    manifest = written(tmp_path / "out", private_factors(stored_model(tmp_path / "models", name)))
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["model"], manifest["kind"], manifest["unit"]) == (name, "private_als", "account")
    assert manifest["epsilon"] == epsilon_of(CONFIG.mu, DELTA)
    assert manifest["delta"] == DELTA
    assert (manifest["regularisation"], manifest["unobserved"]) == (CONFIG.regularisation, CONFIG.unobserved)
    assert "viewer's own device" in manifest["terms_of_use"]
    there = {file.name for file in (tmp_path / "out").iterdir()}
    assert there == {*manifest["files"], "manifest.json"}
    for file, told in manifest["files"].items():
        content = (tmp_path / "out" / file).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (told["bytes"], told["sha256"])


def test_factors_are_the_same_in_both_forms_and_nothing_else_of_the_model_leaves(
    tmp_path: Path, model: PrivateAls
) -> None:
    written(tmp_path / "out", taken(tmp_path / "models", model))
    binary = np.frombuffer((tmp_path / "out" / "factors.bin").read_bytes()[16:], "<f4")
    with np.load(tmp_path / "out" / "factors.npz", allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["factors", "titles"]
        assert arrays["factors"].ravel().tolist() == binary.tolist() == model.factors.ravel().tolist()
        assert arrays["titles"].tolist() == model.titles.tolist()


def test_an_ials_model_never_leaves_whatever_its_manifest_claims_of_epsilon(tmp_path: Path) -> None:
    fitted = Ials(IalsConfig(factors=4)).fit(histories())
    where = Registry(tmp_path / "models" / "ials")
    manifest = {"kind": "ials", "config": {}, "epsilon": 1.0, "delta": 1e-6}
    name = where.store({"titles": fitted.titles, "factors": fitted.factors}, manifest)
    where.promote(name)
    with pytest.raises(Refused, match="is ials: who was learned from can be told from its item factors"):
        private_factors(stored_model(tmp_path / "models", name))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"epsilon": None}, "tells no epsilon and delta"),
        ({"epsilon": float("inf")}, "tells no epsilon and delta"),
        ({"delta": 1.0}, "tells no epsilon and delta"),
        ({"delta": 0}, "tells no epsilon and delta"),
        ({"epsilon": True}, "tells no epsilon and delta"),
        ({"epsilon": 0.5}, "its configuration spends more than the epsilon that it says"),
        ({"config": {"factors": 4}}, "no configuration or no factors"),
        ({"config": None}, "no configuration or no factors"),
    ],
)
def test_a_model_whose_promise_does_not_hold_is_refused(
    tmp_path: Path, model: PrivateAls, other: dict[str, Any], why: str
) -> None:
    name = store(tmp_path / "models", model, **other)
    with pytest.raises(Refused, match=why):
        private_factors(stored_model(tmp_path / "models", name))


def test_arrays_that_do_not_fit_together_are_refused(tmp_path: Path, model: PrivateAls) -> None:
    stored = stored_model(tmp_path / "models", store(tmp_path / "models", model))
    for factors in (model.factors[:-1], model.factors * np.nan, model.factors.ravel()):
        bad = type(stored)(stored.name, stored.manifest, {**stored.arrays, "factors": factors})
        with pytest.raises(Refused, match="do not fit together"):
            private_factors(bad)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, model: PrivateAls) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        written(tmp_path / "out", taken(tmp_path / "models", model))
    assert list((tmp_path / "out").iterdir()) == []


def test_the_command_bundles_a_private_model_and_exits_with_1_for_another(
    tmp_path: Path, model: PrivateAls, cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    name = store(home / "models", model)
    edge_bundle(tmp_path / "bundle", home, name, json=True)
    assert json.loads(capsys.readouterr().out)["titles"] == len(model.titles)
    assert (tmp_path / "bundle" / "manifest.json").exists()
    other = store(home / "models", model, kind="ials")
    done = cli("edge-bundle", "--out", "other", "--home", home, "--model", other)
    assert (done.returncode, (tmp_path / "other").exists()) == (1, False)
    assert "they never leave the home" in done.stderr
    with pytest.raises(UsageError, match="no model of this name"):
        stored_model(home / "models", "0" * 64)
