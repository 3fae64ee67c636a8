"""Attention by several heads, as a layer."""

from __future__ import annotations

from ...ops.creation import empty
from .. import init
from ..functional.multihead import canonical_mask, multi_head_attention_forward
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module


class MultiheadAttention(Module):
    """Attention in several projections at once (Vaswani et al., 2017).

    Each of `num_heads` heads projects queries, keys and values to `embed_dim / num_heads` numbers and
    averages the values, weighted by how well keys fit queries; `out_proj` combines the heads. `kdim`
    and `vdim` are the sizes of keys and values, `embed_dim` if not given. `dropout` is that of the
    weights. `add_bias_kv` adds a learned key and value, `add_zero_attn` ones of zeros.

    Called with `query` (L, batch, embed_dim), `key` (S, batch, kdim) and `value` (S, batch, vdim), with
    the batch first if `batch_first`, or without it. `key_padding_mask` (batch, S) and `attn_mask`, (L, S)
    or (batch * num_heads, L, S), are True where a query may not look, or are added to the scores;
    `is_causal` is a hint that `attn_mask` is the causal one. Gives the result, of the query's shape, and
    the weights, (batch, L, S), or of each head without `average_attn_weights`, or None without
    `need_weights`, which is faster. Raises ValueError or AssertionError for sizes that do not fit.

    >>> import tidu
    >>> x = tidu.ones(4, 2, 6)
    >>> out, weights = tidu.nn.MultiheadAttention(embed_dim=6, num_heads=3)(x, x, x)
    >>> out.shape, weights.shape
    (tidu.Size([4, 2, 6]), tidu.Size([2, 4, 4]))
    """

    __constants__ = ["batch_first"]

    def __init__(
        self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False,
        kdim=None, vdim=None, batch_first=False, device=None, dtype=None,
    ):  # fmt: skip
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads, self.dropout, self.batch_first = num_heads, dropout, batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        def parameter(*shape, wanted=True):
            return Parameter(empty(*shape, device=device, dtype=dtype)) if wanted else None

        same = self._qkv_same_embed_dim
        if same:
            self.in_proj_weight = parameter(3 * embed_dim, embed_dim)
        for name, width in {"q": embed_dim, "k": self.kdim, "v": self.vdim}.items():
            made = parameter(embed_dim, width, wanted=not same)
            self.register_parameter(f"{name}_proj_weight", made)
        if not same:
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim, wanted=bias))
        self.out_proj = NonDynamicallyQuantizableLinear(
            embed_dim, embed_dim, bias=bias, device=device, dtype=dtype
        )
        if add_bias_kv:
            self.bias_k, self.bias_v = parameter(1, 1, embed_dim), parameter(1, 1, embed_dim)
        else:
            self.bias_k = self.bias_v = None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self):
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
        average_attn_weights=True, is_causal=False,
    ):  # fmt: skip
        key_padding_mask = canonical_mask(
            key_padding_mask, "key_padding_mask", attn_mask, "attn_mask", query.dtype
        )
        attn_mask = canonical_mask(attn_mask, "attn_mask", None, "", query.dtype, check_other=False)
        turned = self.batch_first and query.dim() == 3
        if turned:
            same_keys, same_values = query is key, key is value
            query = query.transpose(1, 0)
            key = query if same_keys else key.transpose(1, 0)
            value = key if same_values else value.transpose(1, 0)
        out, weights = multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias,
            self.bias_k, self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight,
            self.out_proj.bias, self.training, key_padding_mask, need_weights, attn_mask,
            not self._qkv_same_embed_dim, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal,
        )  # fmt: skip
        return out.transpose(1, 0) if turned else out, weights

    def merge_masks(self, attn_mask, key_padding_mask, query):
        """Both masks, as numbers to add, in one (batch, heads, L, L), and which there were.

        The second result is None for no mask, 1 for that of the padding alone, which is given back as
        it is, else 2.
        """
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        batch, length, _ = query.shape
        if attn_mask.dim() == 3:
            merged = attn_mask.view(batch, -1, length, length)
        else:
            merged = attn_mask.view(1, 1, length, length).expand(batch, self.num_heads, -1, -1)
        if key_padding_mask is not None:
            padding = key_padding_mask.view(batch, 1, 1, length)
            merged = merged + padding.expand(-1, self.num_heads, -1, -1)
        return merged, 2
