"""Pickles of data are read, and those of anything else are not."""

import builtins
import pickle

import numpy as np
import pytest

from tidu.vision.datasets import pickles


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_data(tmp_path, protocol):
    batch = {
        "data": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "labels": [1, np.int64(2)],
        "label": "testing batch 1 of 1",
        "raw": b"\xff\x00",
        "pair": (1.5, None, True),
    }
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(batch, protocol))
    found = pickles.load(path)
    assert np.array_equal(found.pop("data"), batch.pop("data"))
    assert found == batch


def test_what_python_2_wrote(tmp_path):
    # Python 2's strings are bytes, and NumPy's modules had other names.
    text = (
        b"\x80\x02}q\x01(U\x06labelsq\x02]q\x03(K\x06K\x09eU\x04dataq\x04"
        b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85U\x01b\x87Rq\x07"
        b"(K\x01K\x01K\x02\x86cnumpy\ndtype\nq\x08U\x02u1K\x00K\x01\x87Rq\x09(K\x03U\x01|NNNJ"
        b"\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x02\x3b\xffq\x0atbu."
    )
    path = tmp_path / "batch"
    path.write_bytes(text)
    found = pickles.load(path)
    assert found["labels"] == [6, 9]
    assert found["data"].dtype == np.uint8
    assert found["data"].tolist() == [[59, 255]]


class Calls:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def shout(text):
    raise AssertionError(f"was called: {text}")


@pytest.mark.parametrize(
    "harmful",
    [
        Calls(shout, "x"),
        Calls(builtins.eval, "1"),
        Calls(builtins.getattr, "x", "upper"),
        Calls(np.load, "x"),
        np.array([shout], dtype=object),
        range(3),
    ],
    ids=["function", "eval", "getattr", "numpy", "in an array", "range"],
)
def test_what_is_no_data_is_refused_before_it_is_called(tmp_path, harmful):
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({"data": harmful}, 2))
    with pytest.raises(pickle.UnpicklingError, match="which a dataset has no use for"):
        pickles.load(path)


def test_other_encodings_are_refused(tmp_path):
    import codecs

    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(Calls(codecs.encode, "x", "rot13"), 2))
    with pytest.raises(pickle.UnpicklingError, match="rot13"):
        pickles.load(path)
