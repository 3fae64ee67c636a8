"""save and load: PyTorch's archive, what is admitted from one, and what happens when things fail."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import tidu
from tidu import nn, serialization


def round_trip(value, **options):
    file = io.BytesIO()
    tidu.save(value, file)
    file.seek(0)
    return tidu.load(file, **options)


@pytest.mark.parametrize(
    "dtype",
    "bool uint8 int8 int16 int32 int64 float16 float32 float64 complex64 complex128".split(),
)
def test_every_dtype(dtype):
    x = tidu.tensor([[1, 0], [1, 1]], dtype=getattr(tidu, dtype))
    y = round_trip(x)
    assert y.dtype is x.dtype
    assert y.tolist() == x.tolist()


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 2.5, 1 + 2j, "text", b"bytes", (1, [2, {"a": {3}}]), tidu.Size([2, 3]),
        tidu.float64, tidu.device("cpu"), OrderedDict(a=1),
    ],
    ids=repr,
)  # fmt: skip
def test_plain_values(value):
    assert round_trip(value) == value
    assert type(round_trip(value)) is type(value)


def test_views_share_their_storage_and_keep_their_layout():
    base = tidu.arange(6.0).reshape(2, 3)
    x, view, empty = round_trip([base, base.t()[1:], tidu.zeros(0, 3)])
    assert view.stride() == (1, 3)
    assert view.storage_offset() == 1
    assert empty.shape == (0, 3)
    x[0, 1] = 100
    assert view[0, 0] == 100


def test_parameters_and_leaves_keep_requiring_gradients():
    p, x = round_trip([nn.Parameter(tidu.ones(2)), tidu.ones(2, requires_grad=True)])
    assert type(p) is nn.Parameter
    assert p.requires_grad
    assert x.requires_grad


def test_state_dicts_of_model_and_optimizer():
    model = nn.Linear(2, 3)
    optimizer = tidu.optim.Adam(model.parameters())
    model(tidu.ones(1, 2)).sum().backward()
    optimizer.step()
    saved = round_trip({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    other = nn.Linear(2, 3)
    assert str(other.load_state_dict(saved["model"])) == "<All keys matched successfully>"
    again = tidu.optim.Adam(other.parameters())
    again.load_state_dict(saved["optimizer"])
    for m, o in ((model, optimizer), (other, again)):
        m.zero_grad()
        m(tidu.ones(1, 2)).sum().backward()
        o.step()
    assert tidu.equal(model.weight, other.weight)


def test_the_layout_is_pytorchs(tmp_path):
    path = tmp_path / "model.pt"
    tidu.save({"x": tidu.arange(3, dtype=tidu.int32)}, path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert names[0] == "model/data.pkl"
        assert archive.read("model/version") == b"3\n"
        assert archive.read("model/byteorder") in (b"little", b"big")
        assert archive.read("model/data/0") == np.arange(3, dtype=np.int32).tobytes()
        text = archive.read("model/data.pkl")
        assert b"ctorch._utils\n_rebuild_tensor_v2\n" in text
        assert b"ctorch\nIntStorage\n" in text
        assert b"tidu" not in text
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            start = info.header_offset + 30 + len(info.filename) + len(info.extra)
            assert start % 64 == 0


def archive_of(pickled, **records):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        for name, content in records.items():
            archive.writestr(f"archive/{name}", content)
    file.seek(0)
    return file


# What PyTorch writes for torch.tensor([1., 2.]), by hand: the global, the storage, shape, strides.
BY_HAND = (
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x00K\x02\x85K\x01\x85\x89ccollections\n"
    b"OrderedDict\n)RtR."
)


@pytest.mark.parametrize("order", ["little", "big"])
def test_reads_an_archive_made_by_hand(order):
    content = np.array([1, 2], "<f4" if order == "little" else ">f4").tobytes()
    file = archive_of(BY_HAND, **{"data/0": content, "byteorder": order, "version": "3\n"})
    assert tidu.load(file).tolist() == [1.0, 2.0]


def test_maps_a_file(tmp_path):
    path = tmp_path / "x.pt"
    tidu.save(tidu.arange(1000), path)
    before = path.read_bytes()
    x = tidu.load(path, mmap=True)
    x[0] = 7  # a private copy of the page
    assert x[999] == 999
    assert path.read_bytes() == before


class Custom:
    pass


def test_admits_only_what_a_checkpoint_needs():
    file = io.BytesIO()
    tidu.save(Custom(), file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed") as caught:
        tidu.load(file)
    assert "add_safe_globals" in caught.value.__notes__[0]
    file.seek(0)
    with serialization.safe_globals([Custom]):
        assert type(tidu.load(file)) is Custom
    file.seek(0)
    assert type(tidu.load(file, weights_only=False)) is Custom


def test_runs_nothing():
    evil = b"cos\nsystem\n(X\x04\x00\x00\x00truetR."
    with pytest.raises(pickle.UnpicklingError, match=r"os\.system whose module os is blocked"):
        tidu.load(archive_of(evil))
    evil = b"cfractions\nFraction\n)R."
    with pytest.raises(pickle.UnpicklingError, match=r"fractions\.Fraction was not an allowed global"):
        tidu.load(archive_of(evil))


@pytest.mark.parametrize("name", [b"torch\nTensor", b"torch\nfloat32", b"torch._utils\n_rebuild_tensor_v2"])
def test_changes_nothing_that_was_there_before(name):
    sets_an_attribute = b"\x80\x02c" + name + b"\nN}X\x05\x00\x00\x00helloK\x01s\x86b."
    with pytest.raises(pickle.UnpicklingError, match="Can only build Tensor, Parameter, OrderedDict"):
        tidu.load(archive_of(sets_an_attribute))
    assert not hasattr(tidu.Tensor, "hello")


def test_an_ordered_dict_keeps_its_attributes():
    state = tidu.nn.Linear(1, 1).state_dict()
    file = io.BytesIO()
    tidu.save(state, file)
    file.seek(0)
    assert tidu.load(file)._metadata == state._metadata


@pytest.mark.parametrize("dtype", [tidu.uint16, tidu.uint32, tidu.uint64])
def test_dtypes_that_have_no_storage_in_pytorch(dtype):
    file = io.BytesIO()
    tidu.save(tidu.tensor([1, 2, 3], dtype=dtype)[1:], file)
    assert b"_rebuild_tensor_v3" in file.getvalue()
    file.seek(0)
    assert tidu.load(file).equal(tidu.tensor([2, 3], dtype=dtype))


def test_layouts_storages_and_functions():
    x = tidu.arange(3.0)
    file = io.BytesIO()
    tidu.save([tidu.strided, x.untyped_storage(), x[1:], tidu.sin], file)
    assert b"ctorch\nsin\n" in file.getvalue()
    file.seek(0)
    layout, storage, tail, function = tidu.load(file, weights_only=False)
    assert (layout, function) == (tidu.strided, tidu.sin)
    assert storage.nbytes() == 12
    storage.untyped().fill_(0)
    assert tail.tolist() == [0, 0]


def test_reads_with_another_pickle_module():
    file = io.BytesIO()
    tidu.save(Custom(), file)
    file.seek(0)
    assert type(tidu.load(file, pickle_module=pickle)) is Custom
    with pytest.raises(RuntimeError, match="explicit pickle_module"):
        tidu.load(file, pickle_module=pickle, weights_only=True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        tidu.load(file, foo=1)


@pytest.mark.parametrize(
    ("file", "error", "text"),
    [
        (io.BytesIO(), EOFError, "Ran out of input"),
        (io.BytesIO(b"\x80\x02X"), RuntimeError, "Invalid magic number"),
        (io.BytesIO(b"PK\x03\x04 and then nothing"), RuntimeError, "finding central directory"),
        (archive_of(BY_HAND), RuntimeError, "data/0: file not found"),
        (archive_of(BY_HAND, **{"data/0": b"1234"}), RuntimeError, "record size .4 bytes."),
        (archive_of(BY_HAND.replace(b"K\x00K\x02\x85", b"K\x00K\x09\x85"), **{"data/0": b"12345678"}),
         RuntimeError, "Trying to resize storage"),
        (archive_of(BY_HAND.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"),
                    **{"data/0": b"12345678"}), RuntimeError, "on a CUDA device"),
    ],
)  # fmt: skip
def test_damaged_files(file, error, text):
    file.seek(0)
    with pytest.raises(error, match=text):
        tidu.load(file)


@pytest.mark.parametrize("where", ["cpu", tidu.device("cpu"), {"cuda:0": "cpu"}, lambda s, location: s])
def test_files_from_a_gpu(where):
    text = BY_HAND.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
    file = archive_of(text, **{"data/0": np.array([1, 2], "f4").tobytes()})
    assert tidu.load(file, map_location=where).tolist() == [1.0, 2.0]


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.pt"
    tidu.save(1, path)
    with pytest.raises((pickle.PicklingError, AttributeError), match=r"[Cc]an't pickle"):
        tidu.save(lambda: None, path)
    assert tidu.load(path) == 1
    assert os.listdir(tmp_path) == ["x.pt"]


def test_the_folder_must_exist(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        tidu.save(1, tmp_path / "no" / "x.pt")
