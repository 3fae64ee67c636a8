"""What tensors print as; `conformance/test_printing.py` compares random ones with PyTorch."""

import inspect
import math

import numpy as np
import pytest

import tidu
from tidu import printing

INF, NAN = math.inf, math.nan


@pytest.fixture(autouse=True)
def default_options():
    """Every test starts with the options as they are at first, and leaves them so."""
    with printing.printoptions(profile="default"):
        yield


def show(values, dtype="float32", **options):
    with printing.printoptions(**options):
        return repr(tidu.from_numpy(np.array(values, dtype=dtype)))


FLOATS = [
    # integers get a point and no digits
    ([1, -2, 30], "[ 1., -2., 30.]"),
    ([-0.0, 0.0], "[-0., 0.]"),
    ([1e8], "[100000000.]"),
    # one fraction, and all show their digits
    ([1, 0.5], "[1.0000, 0.5000]"),
    ([-0.25, 100], "[ -0.2500, 100.0000]"),
    ([0.25, -0.0, 0.0], "[0.2500, -0.0000, 0.0000]"),
    # scientific: a ratio above 1000, a size above 1e8 or below 1e-4
    ([0.5, 500], "[  0.5000, 500.0000]"),
    ([0.5, 501], "[5.0000e-01, 5.0100e+02]"),
    ([1, 1000], "[   1., 1000.]"),
    ([2, -3000], "[ 2.0000e+00, -3.0000e+03]"),
    ([1.5e8], "[1.5000e+08]"),
    ([1e-5, 2e-5], "[1.0000e-05, 2.0000e-05]"),
    # what is not finite, and zero, has no say in notation and width
    ([INF, -INF, NAN], "[inf, -inf, nan]"),
    ([1, INF, NAN], "[1., inf, nan]"),
    ([0.5, -INF, NAN], "[0.5000,   -inf,    nan]"),
    ([1e-5, NAN, 0], "[1.0000e-05,        nan, 0.0000e+00]"),
    # no element; no dimension
    ([], "[]"),
    (3, "3."),
    (-0.125, "-0.1250"),
    (NAN, "nan"),
]


@pytest.mark.parametrize(("values", "text"), FLOATS)
def test_floats(values, text):
    assert show(values) == f"tensor({text})"


OTHERS = [
    ([0.0001, 0.0002], "float64", "tensor([0.0001, 0.0002], dtype={}.float64)"),
    ([0.0001, 0.0002], "float32", "tensor([1.0000e-04, 2.0000e-04])"),
    ([0.1, 65504], "float16", "tensor([9.9976e-02, 6.5504e+04], dtype={}.float16)"),
    ([1e300, 1e-300], "float64", "tensor([1.0000e+300, 1.0000e-300], dtype={}.float64)"),
    ([5, -10], "int64", "tensor([  5, -10])"),
    ([5, 10], "int32", "tensor([ 5, 10], dtype={}.int32)"),
    ([2**32 - 1, 1], "uint32", "tensor([4294967295,          1], dtype={}.uint32)"),
    (2**64 - 1, "uint64", "tensor(18446744073709551615, dtype={}.uint64)"),
    (7, "uint8", "tensor(7, dtype={}.uint8)"),
    ([True, False], "bool", "tensor([ True, False])"),
    ([True, True], "bool", "tensor([True, True])"),
    ([1 + 2j, -10 - 0.5j], "complex64", "tensor([  1.+2.0000j, -10.-0.5000j])"),
    ([complex(0.5, NAN), complex(INF, -0.0)], "complex64", "tensor([0.5000+nanj,    inf-0.j])"),
    (1.5j, "complex128", "tensor(0.+1.5000j, dtype={}.complex128)"),
    (np.zeros((0, 3)), "float32", "tensor([], size=(0, 3))"),
    (np.zeros((2, 0)), "int64", "tensor([], size=(2, 0), dtype={}.int64)"),
    ([], "bool", "tensor([], dtype={}.bool)"),
    ([], "complex64", "tensor([], dtype={}.complex64)"),
]


@pytest.mark.parametrize(("values", "dtype", "text"), OTHERS)
@pytest.mark.parametrize("prefix", ["tidu", "torch"])
def test_dtypes(values, dtype, text, prefix, monkeypatch):
    monkeypatch.setattr("tidu.naming.prefix", prefix)
    assert show(values, dtype) == text.format(prefix)


def test_default_dtype_is_not_printed():
    tidu.set_default_dtype(tidu.float64)
    try:
        assert show([1.5], "float64") == "tensor([1.5000])"
        assert show([1.5], "float32") == "tensor([1.5000], dtype=tidu.float32)"
        assert show([1.5j], "complex128") == "tensor([0.+1.5000j])"
        assert show([], "float64") == "tensor([])"
    finally:
        tidu.set_default_dtype(tidu.float32)


LAYOUTS = [
    (
        np.arange(6).reshape(2, 3),
        {},
        """
        tensor([[0, 1, 2],
                [3, 4, 5]])
        """,
    ),
    (
        np.arange(8).reshape(2, 2, 2),
        {},
        """
        tensor([[[0, 1],
                 [2, 3]],

                [[4, 5],
                 [6, 7]]])
        """,
    ),
    (
        np.arange(4).reshape(2, 1, 1, 2),
        {},
        """
        tensor([[[[0, 1]]],


                [[[2, 3]]]])
        """,
    ),
    (
        np.arange(20),
        {"linewidth": 40},
        """
        tensor([ 0,  1,  2,  3,  4,  5,  6,  7,
                 8,  9, 10, 11, 12, 13, 14, 15,
                16, 17, 18, 19])
        """,
    ),
    (
        np.arange(3),
        {"linewidth": 1},
        """
        tensor([0,
                1,
                2])
        """,
    ),
    (
        np.arange(8).reshape(2, 4) + 0.5j,
        {"linewidth": 40},
        """
        tensor([[0.+0.5000j, 1.+0.5000j,
                 2.+0.5000j, 3.+0.5000j],
                [4.+0.5000j, 5.+0.5000j,
                 6.+0.5000j, 7.+0.5000j]],
               dtype=tidu.complex128)
        """,
    ),
    (
        np.arange(1001),
        {},
        """
        tensor([   0,    1,    2,  ...,  998,  999, 1000])
        """,
    ),
    (
        np.arange(10000).reshape(100, 100),
        {"edgeitems": 2},
        """
        tensor([[   0,    1,  ...,   98,   99],
                [ 100,  101,  ...,  198,  199],
                ...,
                [9800, 9801,  ..., 9898, 9899],
                [9900, 9901,  ..., 9998, 9999]])
        """,
    ),
    (
        np.arange(2000).reshape(2, 500, 2),
        {"edgeitems": 1},
        """
        tensor([[[   0,    1],
                 ...,
                 [ 998,  999]],

                [[1000, 1001],
                 ...,
                 [1998, 1999]]])
        """,
    ),
    (
        np.arange(9).reshape(3, 3),
        {"threshold": 4, "edgeitems": 0},
        """
        tensor([...], size=(3, 3))
        """,
    ),
    (
        np.arange(9),
        {"threshold": 4, "edgeitems": 0},
        """
        tensor([...], size=(9,))
        """,
    ),
]


@pytest.mark.parametrize(("array", "options", "text"), LAYOUTS)
def test_layout(array, options, text):
    assert show(array, array.dtype, **options) == inspect.cleandoc(text)


def test_layout_of_a_view_follows_the_view():
    x = tidu.arange(6).reshape(2, 3)
    assert repr(x.T[1:]) == "tensor([[1, 4],\n        [2, 5]])"


OPTIONS = [
    ({"precision": 1}, "tensor([0.1, 1.5])"),
    ({"precision": 0}, "tensor([0, 2])"),
    ({"sci_mode": True}, "tensor([1.2500e-01, 1.5000e+00])"),
    ({"sci_mode": True, "precision": 2}, "tensor([1.25e-01, 1.50e+00])"),
    ({"profile": "short"}, "tensor([0.12, 1.50])"),
    ({"profile": "short", "precision": 3}, "tensor([0.125, 1.500])"),
]


@pytest.mark.parametrize(("options", "text"), OPTIONS)
def test_options(options, text):
    assert show([0.125, 1.5], **options) == text


def test_sci_mode_can_be_refused():
    assert show([1e-7, 1e7], sci_mode=False) == "tensor([       0.0000, 10000000.0000])"


def test_options_stay_until_changed():
    tidu.set_printoptions(precision=2, sci_mode=True)
    tidu.set_printoptions(edgeitems=7)
    assert tidu.get_printoptions() == {
        "precision": 2,
        "threshold": 1000,
        "edgeitems": 7,
        "linewidth": 80,
        "sci_mode": None,  # the one option that goes back when it is left out
    }
    tidu.set_printoptions(profile="full")
    assert tidu.get_printoptions()["threshold"] == INF
    assert "..." not in repr(tidu.arange(2000))


def test_options_in_a_block_end_with_it_even_after_an_error():
    with pytest.raises(KeyError), printing.printoptions(precision=1):
        raise KeyError(tidu.get_printoptions()["precision"])
    assert tidu.get_printoptions()["precision"] == 4


def test_place_in_the_graph():
    x = tidu.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert repr((x * 2).detach()) == "tensor([2., 4.])"
    assert repr(x.double()) == "tensor([1., 2.], dtype=tidu.float64, grad_fn=<ToCopyBackward0>)"
    assert str(x) == repr(x)


def test_suffixes_move_to_a_new_line_where_they_do_not_fit():
    x = tidu.zeros(20, dtype=tidu.float64, requires_grad=True)
    assert repr(x).splitlines()[1:] == ["       dtype=tidu.float64, requires_grad=True)"]


def test_parameters_and_subclasses():
    class Own(tidu.Tensor):
        pass

    class OwnParameter(tidu.nn.Parameter):
        pass

    parameter = tidu.nn.Parameter(tidu.tensor([1.0]))
    assert repr(parameter) == "Parameter containing:\ntensor([1.], requires_grad=True)"
    text = "Parameter containing:\nParameter(OwnParameter([1.], requires_grad=True))"
    assert repr(OwnParameter(tidu.tensor([1.0]))) == text
    assert repr(tidu.tensor([[1.0], [2.0]]).as_subclass(Own)) == "Own([[1.],\n     [2.]])"


def test_format():
    assert f"{tidu.tensor(1.5):8.3f}" == "   1.500"
    assert f"{tidu.tensor(3):04d} {tidu.tensor(True)}" == "0003 True"
    assert f"{tidu.tensor(2.0, requires_grad=True):.1f}" == "2.0"
    assert f"{tidu.tensor([1.5])}" == "tensor([1.5000])"
    with pytest.raises(TypeError, match="format string passed to Tensor"):
        f"{tidu.tensor([1.5]):.2f}"
    with pytest.raises(TypeError, match="format string passed to Parameter"):
        f"{tidu.nn.Parameter(tidu.tensor(1.5)):.2f}"


def test_only_what_is_shown_is_looked_at():
    # A million million elements, without the memory: any work on all of them would not end.
    endless = np.broadcast_to(np.float32(0.5), (10**6, 10**6))
    text = printing.format_tensor(tidu.Tensor._wrap(endless))
    assert text.splitlines()[0] == "tensor([[0.5000, 0.5000, 0.5000,  ..., 0.5000, 0.5000, 0.5000],"
