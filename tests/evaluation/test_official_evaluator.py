"""The official evaluators, read from synthetic files in the real layout and under the real names."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML
from training.data.folder import Caption
from training.evaluation.evaluator import Evaluator, Sample
from training.evaluation.official import OfficialEvaluator
from training.evaluation.word_vectorizer import TAGS, WordVectorizer

ORACLE = Path(__file__).parents[1] / "data" / "metrics_evaluator_mdm.npz"
WEIGHTS = "t2m/text_mot_match/model/finest.tar"
NETWORKS = ("movement_encoder", "motion_encoder", "text_encoder")

pytestmark = pytest.mark.filterwarnings("ignore:.*not the published statistics")


@pytest.fixture(scope="module")
def oracle() -> dict[str, np.ndarray]:
    with np.load(ORACLE) as stored:
        return {key: stored[key] for key in stored}


def write_words(folder: Path, words: list[str], vectors: np.ndarray) -> None:
    folder.mkdir(parents=True)
    np.save(folder / "our_vab_data.npy", vectors)
    with open(folder / "our_vab_words.pkl", "wb") as file:
        pickle.dump(words[::-1], file, protocol=3)
    with open(folder / "our_vab_idx.pkl", "wb") as file:
        pickle.dump({word: i for i, word in enumerate(words)}, file, protocol=3)


def write_weights(path: Path, networks: dict[str, dict[str, torch.Tensor]]) -> None:
    path.parent.mkdir(parents=True)
    parameters = [torch.nn.Parameter(torch.ones(2))]
    optimizer = torch.optim.Adam(parameters).state_dict()
    torch.save({**networks, "opt_text_encoder": optimizer, "epoch": 3, "iter": 40}, path)


@pytest.fixture(scope="module")
def root(oracle, tmp_path_factory) -> Path:
    """The official files of HumanML3D, with the small networks of the stored numbers; do not change them."""
    root = tmp_path_factory.mktemp("official")
    write_words(root / "glove", oracle["words"].tolist(), oracle["vectors"])
    networks = {
        name: {
            key.removeprefix(f"{name}/"): torch.from_numpy(value)
            for key, value in oracle.items()
            if key.startswith(f"{name}/")
        }
        for name in NETWORKS
    }
    write_weights(root / WEIGHTS, networks)
    meta = root / "t2m" / "Comp_v6_KLD01" / "meta"
    meta.mkdir(parents=True)
    np.save(meta / "mean.npy", oracle["mean"])
    np.save(meta / "std.npy", oracle["std"])
    return root


@pytest.fixture(scope="module")
def evaluator(root) -> OfficialEvaluator:
    return OfficialEvaluator(root, HUMANML3D)


@pytest.fixture
def copied(root, tmp_path) -> Path:
    """The same files, of the user's own."""
    for path in root.rglob("*.*"):
        target = tmp_path / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path


def sample(tokens: str, features: np.ndarray) -> Sample:
    return Sample(Caption("not read", tuple(tokens.split()), 0.0, 0.0), features.astype(np.float32))


@pytest.fixture(scope="module")
def samples(oracle) -> list[Sample]:
    motions = np.split(oracle["motions"], np.cumsum(oracle["lengths"])[:-1])
    return [sample(str(c), m) for c, m in zip(oracle["captions"], motions, strict=True)]


def changed(motion: np.ndarray, frames: slice, columns: slice = slice(None)) -> np.ndarray:
    out = motion.copy()
    out[frames, columns] += 5
    return out


def motion_embedding(evaluator: Evaluator, features: np.ndarray) -> torch.Tensor:
    return evaluator.embed([sample("a/DET", features)])[1][0]


def text_embedding(evaluator: Evaluator, tokens: str) -> torch.Tensor:
    return evaluator.embed([sample(tokens, np.zeros((8, 263)))])[0][0]


def test_embeddings_are_the_original_codes(evaluator, samples, oracle):
    text, motion = evaluator.embed(samples)
    torch.testing.assert_close(text, torch.from_numpy(oracle["text_embeddings"]), atol=4e-6, rtol=1e-4)
    torch.testing.assert_close(motion, torch.from_numpy(oracle["motion_embeddings"]), atol=4e-6, rtol=1e-4)


def test_embeddings_follow_the_order_given(evaluator, samples):
    text, motion = evaluator.embed(samples)
    order = [3, 0, 5, 1, 4, 2]
    shuffled = evaluator.embed([samples[i] for i in order])
    torch.testing.assert_close(shuffled[0], text[order])
    torch.testing.assert_close(shuffled[1], motion[order])
    assert (torch.cdist(motion, motion) + torch.eye(6) > 1e-2).all()


def test_an_embedding_does_not_depend_on_the_others(evaluator, samples):
    """All motions are padded to 196 frames: the convolutions see some of what follows the end."""
    text, motion = evaluator.embed(samples)
    alone = [evaluator.embed([one]) for one in samples]
    torch.testing.assert_close(torch.cat([one[0] for one in alone]), text)
    torch.testing.assert_close(torch.cat([one[1] for one in alone]), motion)
    many = evaluator.embed(samples * 12)
    torch.testing.assert_close(many[0], text.repeat(12, 1))
    torch.testing.assert_close(many[1], motion.repeat(12, 1))


def test_contacts_are_not_seen(evaluator, samples):
    motion = samples[0].features
    same = motion_embedding(evaluator, changed(motion, slice(None), slice(-4, None)))
    other = motion_embedding(evaluator, changed(motion, slice(None), slice(-5, -4)))
    assert same.equal(motion_embedding(evaluator, motion))
    assert not torch.allclose(other, same, atol=1e-3)


def test_frames_after_the_last_unit_are_zeroed(evaluator, samples):
    motion = samples[3].features  # 43 frames: ten units and three frames
    cut = motion_embedding(evaluator, motion[:40])
    assert motion_embedding(evaluator, motion).equal(cut)
    assert motion_embedding(evaluator, changed(motion, slice(40, None))).equal(cut)
    assert not torch.allclose(motion_embedding(evaluator, changed(motion, slice(39, None))), cut, atol=1e-3)
    assert motion_embedding(evaluator, motion[:36]).sub(cut).abs().max() > 1e-3


def test_features_are_normalised_by_the_evaluators_statistics(evaluator, copied, samples, oracle):
    """The network sees (real - mean) / std: other real numbers with other statistics give the same input."""
    meta = copied / "t2m" / "Comp_v6_KLD01" / "meta"
    np.save(meta / "mean.npy", oracle["mean"] * 3 + 1)
    np.save(meta / "std.npy", oracle["std"] * 3)
    motion = samples[0].features
    again = motion_embedding(OfficialEvaluator(copied, HUMANML3D), motion * 3 + 1)
    torch.testing.assert_close(again, motion_embedding(evaluator, motion), atol=1e-5, rtol=1e-4)


def test_caption_length_counts_words_and_marks_but_no_padding(evaluator):
    short, long = "a/DET person/NOUN", " ".join(["a/DET person/NOUN walk/VERB"] * 6)
    alone = text_embedding(evaluator, short)
    together = evaluator.embed([sample(t, np.zeros((8, 263))) for t in (short, long)])[0][0]
    torch.testing.assert_close(together, alone)
    padded = text_embedding(evaluator, f"{short} unk/OTHER unk/OTHER")
    assert not torch.allclose(padded, alone, atol=1e-3)


def test_words_after_the_twentieth_are_cut(evaluator):
    words = ["a/DET", "person/NOUN"] * 10
    twenty = text_embedding(evaluator, " ".join(words))
    assert text_embedding(evaluator, " ".join([*words, "dog/NOUN"])).equal(twenty)
    assert not torch.allclose(
        text_embedding(evaluator, " ".join([*words[:19], "dog/NOUN"])), twenty, atol=1e-3
    )


def test_words_are_read_with_their_tags(root, oracle):
    vectorizer = WordVectorizer.from_folder(root / "glove")
    vectors, tags = vectorizer(("walk/NOUN", "dog/NOUN", "zebra/NOUN", "and/CCONJ"))
    words = oracle["words"].tolist()
    chosen = [words.index(word) for word in ("sos", "walk", "dog", "unk", "and", "eos")]
    assert vectors.equal(torch.from_numpy(oracle["vectors"][chosen]))
    assert tags.sum(1).eq(1).all()
    assert [TAGS[i] for i in tags.argmax(1)] == ["OTHER", "Act_VIP", "NOUN", "OTHER", "OTHER", "OTHER"]


@pytest.mark.parametrize("layout", ["checkpoints", "mdm"])
def test_the_layouts_that_people_have_are_found(copied, evaluator, samples, layout):
    if layout == "checkpoints":  # of text-to-motion
        (copied / "checkpoints").mkdir()
        (copied / "t2m").rename(copied / "checkpoints" / "t2m")
    else:
        (copied / "dataset").mkdir()
        for name in ("mean", "std"):
            (copied / f"t2m/Comp_v6_KLD01/meta/{name}.npy").rename(copied / f"dataset/t2m_{name}.npy")
    found = OfficialEvaluator(copied, HUMANML3D)
    assert found.embed(samples)[1].equal(evaluator.embed(samples)[1])
    assert len(found.hashes) == 6
    assert sorted(found.hashes.values()) == sorted(evaluator.hashes.values())


def test_kit_has_files_and_width_of_its_own(copied, oracle):
    (copied / "t2m").rename(copied / "kit")
    (copied / "kit/Comp_v6_KLD01").rename(copied / "kit/Comp_v6_KLD005")
    for name in ("mean", "std"):
        np.save(copied / f"kit/Comp_v6_KLD005/meta/{name}.npy", oracle[name][:251])
    weights = copied / WEIGHTS.replace("t2m", "kit")
    with pytest.raises(ValueError, match="259 features"):
        OfficialEvaluator(copied, KIT_ML)
    networks = torch.load(weights, weights_only=True)
    first = networks["movement_encoder"]["main.0.weight"]
    networks["movement_encoder"]["main.0.weight"] = first[:, :247].clone()
    torch.save(networks, weights)
    evaluator = OfficialEvaluator(copied, KIT_ML)
    assert "KIT-ML" in evaluator.name
    assert evaluator.embed([sample("a/DET", np.zeros((24, 251)))])[1].shape == (1, 6)


def test_hashes_are_those_of_the_files(root, evaluator):
    expected = hashlib.sha256((root / WEIGHTS).read_bytes()).hexdigest()
    assert evaluator.hashes[WEIGHTS] == expected


def test_statistics_other_than_the_published_are_warned_of(root):
    with pytest.warns(UserWarning, match="not the published statistics"):
        OfficialEvaluator(root, HUMANML3D)


def test_every_missing_file_is_named_with_its_source(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        OfficialEvaluator(tmp_path, HUMANML3D)
    message = str(caught.value)
    for part in (WEIGHTS, "t2m/Comp_v6_KLD01/meta/mean.npy", "dataset/t2m_std.npy", "our_vab_data.npy",
                 "our_vab_words.pkl", "our_vab_idx.pkl", "https://"):  # fmt: skip
        assert part in message
    assert "\n" not in message


class _Attack:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("path", [WEIGHTS, "glove/our_vab_words.pkl", "glove/our_vab_idx.pkl"])
def test_files_that_carry_code_are_refused_and_not_run(copied, path):
    harm = copied / "harm"
    if path == WEIGHTS:
        torch.save({"movement_encoder": _Attack(harm)}, copied / path)
    else:
        (copied / path).write_bytes(pickle.dumps([_Attack(harm)]))
    with pytest.raises(ValueError, match=Path(path).name):
        OfficialEvaluator(copied, HUMANML3D)
    assert not harm.exists()


def test_files_that_are_something_else_are_refused(copied):
    def refused(match: str) -> None:
        with pytest.raises(ValueError, match=match):
            OfficialEvaluator(copied, HUMANML3D)

    weights = (copied / WEIGHTS).read_bytes()
    torch.save({"epoch": 1}, copied / WEIGHTS)
    refused("finest.tar does not contain")
    (copied / WEIGHTS).write_bytes(weights[:1000])
    refused("finest.tar does not contain")
    (copied / WEIGHTS).write_bytes(weights)
    (copied / "glove/our_vab_words.pkl").write_bytes(pickle.dumps({"a": 1}))
    refused("words.pkl is not a vocabulary")
    (copied / "glove/our_vab_words.pkl").write_bytes(pickle.dumps(["a", "b"]))
    refused("do not match")


@pytest.mark.parametrize("shape", [(3, 263), (200, 263), (60, 251)])
def test_motions_that_it_cannot_read_are_refused(evaluator, shape):
    with pytest.raises(ValueError, match="4 to 199 frames of 263"):
        evaluator.embed([sample("a/DET", np.zeros(shape))])


@pytest.mark.parametrize("tokens", ["", "a person"])
def test_captions_without_tagged_tokens_are_refused(evaluator, tokens):
    with pytest.raises(ValueError, match="word/TAG"):
        evaluator.embed([sample(tokens, np.zeros((8, 263)))])
