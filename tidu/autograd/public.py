"""From a declaration to what users call: `tidu.sin(x)`, `x.sin()`, `x.sin_()` and `out=`."""

from __future__ import annotations

from ..backend.later import Registry
from ..dtypes import plain
from ..tensor import Tensor
from .arguments import bind, explain, rename
from .grad_mode import mode, recording_now
from .usual import python_of, usual

PUBLIC = Registry()  # name -> function of the package (`tidu.<name>`)
TENSOR_OPS = Registry()  # name -> operation on Tensors: what gradient rules call `k` under create_graph

_names = {"x": "input", "y": "other"}


class Operations:
    """Operations on Tensors by name, with the parameters that the kernels of that name have."""

    def __getattr__(self, name):
        try:
            found = TENSOR_OPS[name]
        except KeyError:
            raise AttributeError(f"no operation is named {name!r}") from None
        setattr(self, name, found)
        return found


operations = Operations()


def expose(op, apply, forward, *, public=True, method=True, inplace=False, symbol=None, aliases=(),
           names=None, varargs=False, overload=None, **_):
    """Makes the public function of an operation and installs Tensor's methods.

    `names`: public names of parameters where they are not PyTorch's usual ones; `symbol`: the
    operator, as in Python's data model ("mul" gives `__mul__`, `__rmul__` and `__imul__`);
    `varargs`: the method takes its first argument also as separate integers; `overload`: a function
    with keyword-only parameters that answers calls with one of these (`add(x, y, alpha=2)`).
    """  # fmt: skip
    name = op.name
    keywords = {**_names, **(names or {})}
    op.public_params = tuple(keywords.get(p, p) for p in op.params)
    op.overload = overload
    op.keywords = special = frozenset(_keyword_only(overload) if overload else ())

    def caller(title, is_method):
        def call(*args, **kwargs):
            try:
                given = args
                if kwargs:
                    out = kwargs.pop("out", None)
                    if not special.isdisjoint(kwargs):
                        kwargs = rename(kwargs, op.public_params)
                        if out is not None:
                            return into(title, out, overload, args, kwargs, op)
                        return overload(*args, **kwargs)
                    if kwargs:
                        given = bind(op, title, is_method, args, kwargs)
                    if out is not None:
                        return into(title, out, apply, given, None, op)
                result = apply(*given)
                if result is NotImplemented:
                    from ..errors import foreign

                    raise foreign(op, given)
                return result
            except (TypeError, AttributeError) as error:
                better = explain(error, title, op, is_method, args, kwargs)
                if better is None:
                    raise
                raise better from None

        call.op = op  # type: ignore[attr-defined]
        return usual(op, _described(call, title, forward))

    TENSOR_OPS[name] = apply
    return install(name, caller, apply, public=public, method=method, inplace=inplace,
                   symbol=symbol, aliases=aliases, varargs=varargs, op=op)  # fmt: skip


def _described(call, title, source):
    call.__name__ = call.__qualname__ = title
    call.__doc__ = source.__doc__
    call.__module__ = source.__module__
    return call


def _keyword_only(function):
    code = function.__code__
    return code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def composite(*, public=True, method=False, inplace=False, symbol=None, aliases=(), out=True,
              varargs=False, name=None, lowers_to=None):  # fmt: skip
    """Declares an operation that is written with others: an ordinary function on Tensors.

    Its gradient is that of its parts. `out=True` adds the keyword `out`. `lowers_to`: the declared
    operation that it mostly comes down to (see `usual`).
    """

    def declare(function):
        own = name or function.__name__
        accepted = _parameters(function)

        def caller(title, is_method):
            def call(*args, **kwargs):
                try:
                    if kwargs:
                        target = kwargs.pop("out", None) if out else None
                        if not accepted.issuperset(kwargs):
                            kwargs = rename(kwargs, accepted)
                        if "dtype" in kwargs:
                            kwargs["dtype"] = plain(kwargs["dtype"])
                        if target is not None:
                            return into(title, target, function, args, kwargs)
                    return function(*args, **kwargs)
                except (TypeError, AttributeError) as error:
                    better = explain(error, title, function, is_method, args, kwargs)
                    if better is None:
                        raise
                    raise better from None

            call.__wrapped__ = function  # type: ignore[attr-defined]
            call = _described(call, title, function)
            return usual(lowers_to, call, lowers=own) if lowers_to else call

        TENSOR_OPS.setdefault(own, function)
        return install(own, caller, function, public=public, method=method, inplace=inplace,
                       symbol=symbol, aliases=aliases, varargs=varargs, op=lowers_to)  # fmt: skip

    return declare


def _parameters(function):
    code = function.__code__
    return frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def install(name, caller, apply, *, public, method, inplace, symbol, aliases, varargs, op=None):
    """Enters a function under its names: in the package, as methods, in place, as an operator.

    `caller(title, is_method)` makes it: the title and the positions in its errors are the caller's.
    """
    main = None
    for each in (name, *aliases):
        call = caller(each, False)
        main = main or call
        if public:
            PUBLIC[each] = call
        if method:
            call = caller(each, True)
            if varargs:
                lowers = None if getattr(op, "name", name) == name else name
                call = usual(op, _spread(call), spread=True, lowers=lowers) if op else _spread(call)
            setattr(Tensor, each, call)
        if inplace:
            each += "_"
            if method:
                setattr(Tensor, each, _in_place(each, caller(each, True)))
            if public and inplace == "public":
                PUBLIC[each] = _in_place(each, caller(each, False))
    if symbol:
        _operators(symbol, op, apply, inplace and getattr(Tensor, name + "_"))
    return main


def _spread(call):
    """A method that takes its first argument also as separate integers: x.view(2, 3)."""

    def method(self, *args, **kwargs):
        if args and (isinstance(args[0], int) or hasattr(args[0], "__index__")):
            args = (args,)
        return call(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = call.__name__
    method.__doc__ = call.__doc__
    return method


def _in_place(name, call):
    """x.sin_(): the result of x.sin(), which then takes x's place in memory and in the graph."""
    from .inplace import write

    own = op = getattr(call, "op", None)
    if op is not None and (op.strict or not op.promote):
        op = None
    scaled = op and getattr(op.overload, "op", None)

    def method(*args, **kwargs):
        if len(args) == 2 and op is not None:  # the usual forms: x.mul_(y) and x.add_(y, alpha=2)
            alpha = kwargs.get("alpha") if len(kwargs) == 1 else None
            if not kwargs:
                done = _at_once(name, op, *args)
            else:
                done = scaled and type(alpha) in (float, int) and _at_once(name, scaled, *args, alpha)
            if done:
                return args[0]
        if not args and "input" in kwargs:
            args = (kwargs.pop("input"),)
        if not args:
            return call(**kwargs)  # which raises
        return write(name, args[0], call, args[1:], kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"""In-place version of `{name[:-1]}`: changes the tensor itself and returns it.

    Its dtype and shape stay; RuntimeError for a leaf that requires grad.
    """
    return method if own is None else usual(own, method, writes=name)


def _at_once(name, op, x, y, *numbers):
    """Whether the operation's native program wrote x op y into x: the usual case of `write`.

    The program sees to dtypes and shapes; no operand may be a view, or be recorded.
    """
    try:
        into, array = op.kernels.cpu.into, x._array
        recording = recording_now()
        if x._view is not None or (recording and x._node is not None):
            return False
        if type(y) is not float and type(y) is not int:
            if y._view is not None or (recording and y._node is not None):
                return False
            y = y._array
        if not into(array, array, y, *numbers):
            return False
    except AttributeError:  # no program, or no tensors
        return False
    x._bump(name)
    return True


# Operators that have no reflected form: Python exchanges comparisons itself, the others are one.
_ONE_SIDED = ("lt", "le", "gt", "ge", "eq", "ne", "rsub", "rtruediv")


def _operators(symbol, op, apply, in_place):
    if symbol == "matmul":  # which takes no numbers
        apply = usual(op, _of_tensors(apply))
    setattr(Tensor, f"__{symbol}__", apply)
    if python_of(apply).__code__.co_argcount == 1 or symbol in _ONE_SIDED:
        return

    def reflected(x, y):
        return apply(y, x)

    def assigned(x, y):
        if not isinstance(y, (Tensor, int, float, complex)) and apply(x, y) is NotImplemented:
            return NotImplemented
        return in_place(x, y)

    setattr(Tensor, f"__r{symbol}__", usual(op, reflected, swapped=True))
    if in_place:
        setattr(Tensor, f"__i{symbol}__", usual(op, assigned, writes=in_place.__name__))


def _of_tensors(apply):
    def operator(x, y):
        if isinstance(x, Tensor) and isinstance(y, Tensor):
            return apply(x, y)
        return NotImplemented

    return operator


def into(name, out, function, args, kwargs=None, op=None):
    """Calls `function` and puts its results where `out` says, as PyTorch's `out=` does."""
    from .inplace import directly, fill

    plain = isinstance(out, Tensor) and out._node is None and out._view is None
    if plain and directly(out._array, op, args, kwargs or {}):
        out._bump(name)
        return out
    results_of = out if isinstance(out, (tuple, list)) else (out,)
    inputs = [*args, *(kwargs or {}).values()]
    if mode.enabled and any(isinstance(t, Tensor) and t.requires_grad for t in [*inputs, *results_of]):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    results = function(*args, **(kwargs or {}))
    several = isinstance(results, tuple)
    if several != isinstance(out, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'out' must be {'tuple of Tensors' if several else 'Tensor'}, not "
            f"{type(out).__name__}"
        )
    if not several:
        fill(name, out, results)
        return out
    for target, result in zip(out, results):
        fill(name, target, result)
    return type(results)(out) if hasattr(results, "_fields") is False else type(results)(*out)
