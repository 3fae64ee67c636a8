"""What is compared with PyTorch: a name, what to run, and at which sizes.

A workload is a function `make(torch, **sizes)` that prepares tensors, or a model, with the library
that it is given, and returns one step to be timed. Each stands in `WORKLOADS` with its main sizes
and with odd ones: prime numbers, batches of 1 and of 257, sizes that no kernel was made for.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple


class Workload(NamedTuple):
    """One line of the table."""

    name: str
    make: Callable[..., Callable[[], object]]
    sizes: dict[str, Any]
    odd: tuple[dict[str, Any], ...] = ()


# Operations on one element: overhead is all there is.


def add_one(torch: Any, n=1):
    x = torch.ones(n)
    return lambda: x + x


def multiply_with_gradient(torch: Any, n=1):
    x, w = torch.ones(n), torch.ones(n, requires_grad=True)
    return lambda: x * w


def descent(torch: Any, samples=3):
    """Program 05: each sample's loss, its gradient, and a step by hand."""
    w = torch.tensor([1.0], requires_grad=True)
    pairs = [(float(i + 1), 2.0 * (i + 1)) for i in range(samples)]

    def step():
        for x, y in pairs:
            loss = (x * w - y) ** 2
            loss.backward()
            w.grad.item()
            w.data -= 0.01 * w.grad.data
            w.grad.data.zero_()
        return loss.item()

    return step


def matrix_gradient(torch: Any, batch=2, features=5, out=3):
    """Program 02: a matrix product, a bias, the mean squared error and its gradient."""
    x, y = torch.ones(batch, features), torch.zeros(batch, out)
    w = torch.randn(features, out, requires_grad=True)
    b = torch.randn(out, requires_grad=True)

    def step():
        loss_fn = torch.nn.MSELoss()
        loss = loss_fn(torch.matmul(x, w) + b, y)
        loss.backward()
        return w.grad, b.grad

    return step


# Training steps.


def training(torch: Any, model, optimizer, inputs, targets):
    """A step of a classifier."""
    loss_fn = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss

    return step


def perceptron(torch: Any, widths, batch, optimizer):
    nn: Any = torch.nn
    layers: list = []
    for n_in, n_out in pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    made = getattr(torch.optim, optimizer)(model.parameters(), lr=1e-3)
    inputs = torch.randn(batch, widths[0])
    return training(torch, model, made, inputs, torch.randint(0, widths[-1], (batch,)))


def cifar_network(torch: Any, channels=(3, 32, 32, 64), size=32):
    nn: Any = torch.nn
    a, b, c, d = channels
    flat = d * (size // 8) ** 2
    return nn.Sequential(
        nn.Conv2d(a, b, 5, padding=2), nn.MaxPool2d(2),
        nn.Conv2d(b, c, 5, padding=2), nn.MaxPool2d(2),
        nn.Conv2d(c, d, 5, padding=2), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(flat, 64), nn.Linear(64, 10),
    )  # fmt: skip


def cifar_step(torch: Any, batch=64, **sizes):
    model = cifar_network(torch, **sizes)
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    size = sizes.get("size", 32)
    images = torch.randn(batch, sizes.get("channels", (3,))[0], size, size)
    return training(torch, model, sgd, images, torch.randint(0, 10, (batch,)))


def cifar_forward(torch: Any, batch=64, **sizes):
    model = cifar_network(torch, **sizes).eval()
    size = sizes.get("size", 32)
    images = torch.randn(batch, sizes.get("channels", (3,))[0], size, size)

    def step():
        with torch.no_grad():
            return model(images)

    return step


def resnet_step(torch: Any, batch=32, channels=32, size=32, blocks=2):
    """A stem, residual blocks of two 3x3 convolutions with batch norm, and a linear head."""
    nn: Any = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(channels)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(channels)
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x):
            out = self.relu(self.norm1(self.conv1(x)))
            return self.relu(self.norm2(self.conv2(out)) + x)

    model = nn.Sequential(
        nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
        *[Block() for _ in range(blocks)],
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10),
    )  # fmt: skip
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    images = torch.randn(batch, 3, size, size)
    return training(torch, model, sgd, images, torch.randint(0, 10, (batch,)))


def gpt_step(torch: Any, batch=12, length=64, width=128, heads=4, layers=4, vocabulary=65):
    nn: Any = torch.nn
    F = torch.nn.functional

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

        def forward(self, x):
            b, t, c = x.shape
            q, k, v = (
                part.view(b, t, heads, c // heads).transpose(1, 2)
                for part in self.qkv(x).split(width, dim=2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).contiguous().view(b, t, c))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention = Attention()
            self.mlp = nn.Sequential(
                nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
            )

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = nn.Embedding(vocabulary, width)
            self.places = nn.Embedding(length, width)
            self.blocks = nn.Sequential(*[Block() for _ in range(layers)])
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, vocabulary, bias=False)

        def forward(self, ids):
            x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
            return self.head(self.norm(self.blocks(x))).view(-1, vocabulary)

    model = GPT()
    adamw = torch.optim.AdamW(model.parameters(), lr=1e-3)
    ids = torch.randint(0, vocabulary, (batch, length))
    return training(torch, model, adamw, ids, torch.randint(0, vocabulary, (batch * length,)))


def lstm_step(torch: Any, batch=32, length=28, features=32, hidden=64):
    nn: Any = torch.nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(features, hidden, batch_first=True)
            self.head = nn.Linear(hidden, 10)

        def forward(self, x):
            out, _ = self.lstm(x)
            return self.head(out[:, -1])

    model = Classifier()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    inputs = torch.randn(batch, length, features)
    return training(torch, model, adam, inputs, torch.randint(0, 10, (batch,)))


# Single operations on much memory.


def chain(torch: Any, n=1_000_000):
    a, b = torch.randn(n), torch.randn(n)
    return lambda: ((a * b + a).relu() * 2).sum()


def chain_with_gradient(torch: Any, n=1_000_000):
    a = torch.randn(n, requires_grad=True)
    b = torch.randn(n, requires_grad=True)

    def step():
        a.grad = b.grad = None
        ((a * b + a).relu() * 2).sum().backward()

    return step


def add(torch: Any, n=10_000_000):
    a, b = torch.randn(n), torch.randn(n)
    return lambda: a + b


def exp(torch: Any, n=1_000_000):
    x = torch.randn(n)
    return lambda: x.exp()


def softmax_and_gradient(torch: Any, rows=4096, columns=512):
    x = torch.randn(rows, columns, requires_grad=True)
    g = torch.randn(rows, columns)

    def step():
        x.grad = None
        x.softmax(1).backward(g)

    return step


def layer_norm_and_gradient(torch: Any, rows=4096, columns=512):
    norm = torch.nn.LayerNorm(columns)
    x = torch.randn(rows, columns, requires_grad=True)
    g = torch.randn(rows, columns)

    def step():
        x.grad = None
        norm(x).backward(g)

    return step


def sum_over(torch: Any, dim, rows=2000, columns=2000):
    x = torch.randn(rows, columns)
    return lambda: x.sum(dim)


def max_over(torch: Any, dim, rows=2000, columns=2000):
    x = torch.randn(rows, columns)
    return lambda: x.max(dim)


def transposing_copy(torch: Any, rows=2000, columns=2000):
    x = torch.randn(rows, columns)
    return lambda: x.t().contiguous()


def matmul(torch: Any, m=1024, k=1024, n=1024):
    a, b = torch.randn(m, k), torch.randn(k, n)
    return lambda: a @ b


def bmm(torch: Any, batch=64, m=64, k=64, n=64):
    a, b = torch.randn(batch, m, k), torch.randn(batch, k, n)
    return lambda: torch.bmm(a, b)


def row_indexing(torch: Any, rows=10_000, columns=128, picked=4096):
    x, index = torch.randn(rows, columns), torch.randint(0, rows, (picked,))
    return lambda: x[index]


# Data, and many sizes at once.


def data_loader(torch: Any, images=20_000, size=28, batch=64):
    """An epoch, shuffled, nothing done with it."""
    from importlib import import_module

    data = import_module(torch.__name__ + ".utils.data")
    labels = torch.randint(0, 10, (images,))
    dataset = data.TensorDataset(torch.randn(images, 1, size, size), labels)
    loader = data.DataLoader(dataset, batch_size=batch, shuffle=True)

    def step():
        for _images, _labels in loader:
            pass

    return step


def mixed(torch: Any, sizes=((1, 19, 27), (7, 33, 18), (20, 24, 24), (3, 50, 41))):
    """A network for images of any size, on batches whose sizes differ from step to step."""
    nn: Any = torch.nn
    F = torch.nn.functional

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 13, 3, padding=1)
            self.norm = nn.BatchNorm2d(13)
            self.conv2 = nn.Conv2d(13, 29, 5, stride=2)
            self.conv3 = nn.Conv2d(29, 24, 1)
            self.names = nn.Embedding(17, 24)
            self.head = nn.Linear(24, 11)

        def forward(self, x, names):
            x = F.avg_pool2d(F.gelu(self.norm(self.conv1(x))), 3, 2)
            x = torch.tanh(self.conv3(F.leaky_relu(self.conv2(x), 0.1)))
            x = F.adaptive_avg_pool2d(x, 1).flatten(1) * torch.sigmoid(self.names(names))
            return F.log_softmax(self.head(F.dropout(x, 0.2)), dim=1)

    model = Net()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    batches = [
        (torch.randn(n, 3, h, w), torch.randint(0, 17, (n,)), torch.randint(0, 11, (n,)))
        for n, h, w in sizes
    ]

    def step():
        for images, names, targets in batches:
            optimizer.zero_grad()
            loss = F.nll_loss(model(images, names), targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return step


def _sizes(**lists):
    """One dict of sizes for each place in the lists."""
    return tuple(dict(zip(lists, values)) for values in zip(*lists.values()))


_small = {"widths": (32, 16, 2), "batch": 8}
_odd_small = _sizes(widths=[(31, 17, 3), (32, 16, 2)], batch=[1, 257])
_flat = _sizes(rows=[257, 4099, 1], columns=[1021, 131, 70_001])
_square = _sizes(rows=[257, 9973, 1], columns=[1999, 101, 100_003])

WORKLOADS = [
    Workload("one element: x + x", add_one, {}, _sizes(n=[7, 1009])),
    Workload("one element: x * w, with gradient", multiply_with_gradient, {}, _sizes(n=[7, 1009])),
    Workload("gradient descent by hand (program 05)", descent, {}, _sizes(samples=[7])),
    Workload("matrix gradient (program 02)", matrix_gradient, {},
             _sizes(batch=[1, 257], features=[7, 13], out=[3, 5])),
    Workload("MLP 32-16-2, batch 8, SGD", perceptron, {**_small, "optimizer": "SGD"},
             tuple({**s, "optimizer": "SGD"} for s in _odd_small)),
    Workload("MLP 32-16-2, batch 8, Adam", perceptron, {**_small, "optimizer": "Adam"},
             tuple({**s, "optimizer": "Adam"} for s in _odd_small)),
    Workload("MLP 784-128-10, batch 64", perceptron,
             {"widths": (784, 128, 10), "batch": 64, "optimizer": "SGD"},
             _sizes(widths=[(781, 127, 11)] * 2, batch=[1, 257], optimizer=["SGD", "SGD"])),
    Workload("MLP 512-1024-1024-10, batch 256, Adam", perceptron,
             {"widths": (512, 1024, 1024, 10), "batch": 256, "optimizer": "Adam"},
             _sizes(widths=[(509, 1021, 1013, 11)] * 2, batch=[1, 257], optimizer=["Adam"] * 2)),
    Workload("CIFAR-10 network, batch 64: step", cifar_step, {},
             _sizes(batch=[1, 257, 23], channels=[(3, 31, 37, 61), (3, 32, 32, 64), (5, 19, 23, 41)],
                    size=[32, 32, 43])),
    Workload("CIFAR-10 network, batch 64: forward", cifar_forward, {},
             _sizes(batch=[1, 257, 23], channels=[(3, 31, 37, 61), (3, 32, 32, 64), (5, 19, 23, 41)],
                    size=[32, 32, 43])),
    Workload("small ResNet, batch 32: step", resnet_step, {},
             _sizes(batch=[1, 257, 31], channels=[32, 16, 37], size=[32, 9, 27])),
    Workload("GPT, 4 layers of 128, batch 12: step", gpt_step, {},
             _sizes(batch=[1, 7, 257], length=[127, 61, 11], width=[123, 93, 48], heads=[3, 3, 3])),
    Workload("LSTM 32 to 64, batch 32: step", lstm_step, {},
             _sizes(batch=[1, 257, 31], length=[29, 7, 53], features=[31, 17, 64],
                    hidden=[61, 67, 31])),
    Workload("5 operations on 1M", chain, {}, _sizes(n=[1013, 99_991, 3_000_017])),
    Workload("5 operations on 1M, with gradient", chain_with_gradient, {},
             _sizes(n=[1013, 99_991, 3_000_017])),
    Workload("a + b, 10M", add, {}, _sizes(n=[10_007, 1_000_003])),
    Workload("exp, 1M", exp, {}, _sizes(n=[10_007, 3_000_017])),
    Workload("softmax 4096x512, with gradient", softmax_and_gradient, {}, _flat),
    Workload("layer norm 4096x512, with gradient", layer_norm_and_gradient, {}, _flat),
    Workload("sum over rows, 2000x2000", sum_over, {"dim": 0},
             tuple({**s, "dim": 0} for s in _square)),
    Workload("sum over columns, 2000x2000", sum_over, {"dim": 1},
             tuple({**s, "dim": 1} for s in _square)),
    Workload("max over rows, 2000x2000", max_over, {"dim": 0},
             tuple({**s, "dim": 0} for s in _square)),
    Workload("max over columns, 2000x2000", max_over, {"dim": 1},
             tuple({**s, "dim": 1} for s in _square)),
    Workload("transposing copy, 2000x2000", transposing_copy, {}, _square),
    Workload("matmul 1024", matmul, {},
             _sizes(m=[1, 257, 1021, 509], k=[1021, 1019, 769, 31], n=[1013, 263, 1031, 523])),
    Workload("bmm 64x64x64x64", bmm, {},
             _sizes(batch=[1, 257, 31], m=[61, 17, 127], k=[67, 33, 61], n=[59, 29, 131])),
    Workload("row indexing, 4096 of 10000x128", row_indexing, {},
             _sizes(rows=[10_007, 257], columns=[127, 3], picked=[1, 9973])),
    Workload("DataLoader, 20000 images", data_loader, {},
             _sizes(images=[1009, 2003], size=[17, 29], batch=[1, 257])),
    Workload("mixed sizes", mixed, {}, _sizes(sizes=[((1, 31, 31), (257, 13, 11))])),
]  # fmt: skip
