"""Attention in all its masks, multi-head attention, and transformer layers from the same weights."""

import math

import torch
from golden import Family, booleans, normal, uniform
from torch import nn
from torch.nn import functional
from torch.nn.utils.stateless import functional_call


def attention(q, k, v, *masks, causal=False, scale=None, has_mask=False, has_padding=False):
    """The formula; queries that may attend to nothing give 0. Where torch has the case, its function is asked too."""
    masks = list(masks)
    mask = masks.pop(0) if has_mask else None
    padding = masks.pop(0) if has_padding else None
    scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    barred = torch.zeros(scores.shape, dtype=torch.bool)
    if mask is not None:
        if mask.dtype == torch.bool:
            barred = barred | mask
        else:
            scores = scores + mask
    if causal:
        barred = barred | torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1 + k.shape[-2] - q.shape[-2])
    if padding is not None:
        barred = barred | padding.view((padding.shape[0],) + (1,) * (q.dim() - 2) + (padding.shape[1],))
    dead = barred.all(-1, keepdim=True)
    weights = functional.softmax(scores.masked_fill(barred & ~dead, -math.inf), -1) * ~dead
    y = weights @ v
    if scale is None and not dead.any() and not (mask is not None and mask.dtype != torch.bool and barred.any()):
        allowed = mask if mask is not None and mask.dtype != torch.bool else ~barred
        with torch.no_grad():
            theirs = functional._scaled_dot_product_attention(q, k, v, allowed)[0]
            torch.testing.assert_close(y, theirs, rtol=1e-12, atol=1e-12)
    return y


def products(family):
    def case(name, q, k, v, *masks, **args):
        args = {"causal": False, "scale": None, "has_mask": False, "has_padding": False, **args}
        family.case("scaled_dot_product_attention", name, attention, normal(*q), normal(*k), normal(*v), *masks,
                    args=args)

    one, queries, keys = ((2, 3, 4),) * 3, (2, 2, 3), (2, 4, 3)
    heads = ((2, 2, 3, 2),) * 3
    case("matrix", (3, 2), (4, 2), (4, 3))
    case("batch", queries, keys, (2, 4, 2))
    case("heads", *heads)
    case("scale", *one, scale=0.3)
    case("broadcast", (2, 3, 2), (1, 4, 2), (4, 3))
    case("causal", *heads, causal=True)
    case("causal_more_keys", queries, keys, keys, causal=True)
    case("causal_more_queries", keys, queries, queries, causal=True)
    bars = booleans([[False, True, False], [False, False, False], [True, False, True]])
    case("barred", *one, bars, has_mask=True)
    case("barred_row", *one, booleans([[False, True, False], [True, True, True], [False, False, True]]), has_mask=True)
    case("added", *one, normal(3, 3), has_mask=True)
    case("added_heads", *heads, normal(2, 1, 3), has_mask=True)
    case("added_causal", *heads, normal(2, 3, 3), has_mask=True, causal=True)
    padding = booleans([[False, False, True], [False, False, False]])
    case("padding", *heads, padding, has_padding=True)
    case("padding_everywhere", *heads, booleans([[True, True, True], [False, True, False]]), has_padding=True)
    case("padding_causal", *one, padding, has_padding=True, causal=True)
    case("everything", *heads, normal(3, 3), padding, has_mask=True, has_padding=True, causal=True)


def multi_head(family):
    def call(q, k, v, *rest, heads, separate, has_bias, mask, padding, by_head):
        rest = list(rest)
        weights = [rest.pop(0) for _ in range(3 if separate else 1)]
        bias = rest.pop(0) if has_bias else None
        out = rest.pop(0)
        out_bias = rest.pop(0) if has_bias else None
        mask = rest.pop(0) if mask else None
        padding = rest.pop(0) if padding else None
        q_weight, k_weight, v_weight = weights if separate else (None, None, None)
        y, attended = functional.multi_head_attention_forward(
            q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1), q.shape[-1], heads,
            None if separate else weights[0], bias, None, None, False, 0.0, out, out_bias, training=True,
            key_padding_mask=padding, need_weights=True, attn_mask=mask, use_separate_proj_weight=separate,
            q_proj_weight=q_weight, k_proj_weight=k_weight, v_proj_weight=v_weight, average_attn_weights=not by_head)
        return y.transpose(0, 1), attended

    def case(name, q, k, v, *masks, heads=2, has_bias=True, **args):
        width, separate = q[-1], k[-1] != q[-1] or v[-1] != q[-1]
        if separate:
            weights = [uniform(-1, 1, width, n) for n in (width, k[-1], v[-1])]
        else:
            weights = [uniform(-1, 1, 3 * width, width)]
        bias = [uniform(-1, 1, 3 * width)] if has_bias else []
        out = [uniform(-1, 1, width, width)] + ([uniform(-1, 1, width)] if has_bias else [])
        family.case("MultiHeadAttention", name, call, normal(*q), normal(*k), normal(*v), *weights, *bias, *out,
                    *masks, args={"heads": heads, "separate": separate, "has_bias": has_bias, "mask": False,
                                  "padding": False, "by_head": False, **args})

    one, queries, keys = ((2, 3, 4),) * 3, (2, 2, 4), (2, 3, 4)
    case("self", *one)
    case("cross", queries, keys, keys)
    case("plain", queries, keys, keys, has_bias=False)
    case("by_head", queries, keys, keys, by_head=True)
    case("one_head", queries, keys, keys, heads=1)
    case("widths", queries, (2, 3, 3), (2, 3, 5))
    case("barred", *one, booleans([[False, True, False], [False, False, True], [False, False, False]]), mask=True)
    case("added", queries, keys, keys, normal(2, 3), mask=True)
    case("padding", queries, keys, keys, booleans([[False, False, True], [False, False, False]]), padding=True)


def transformers(family):
    def call(*tensors, module, count, names, **options):
        masks = options.pop("call")
        inputs, parameters = tensors[:count], tensors[count:count + len(names.split())]
        masks = dict(zip(masks, tensors[count + len(parameters):]))
        if options.pop("causal", False):
            time = inputs[-1 if "Decoder" not in type(module).__name__ else 0].shape[1]
            masks["tgt_mask" if len(inputs) > 1 else "src_mask"] = torch.ones(time, time, dtype=torch.bool).triu(1)
        return functional_call(module, dict(zip(names.split(), parameters)), inputs, masks)

    def case(op, name, make, shapes, *masks, call_with=(), causal=False, **options):
        torch.manual_seed(1)
        module = make(dropout=0.0, batch_first=True, **options)
        names = [n for n, _ in module.named_parameters()]
        parameters = [uniform(-1, 1, *p.shape) for p in module.parameters()]
        args = {"count": len(shapes), "names": " ".join(names), "call": list(call_with), "causal": causal,
                "norm_first": options.get("norm_first", False), "gelu": options.get("activation") == "gelu"}

        def of(*tensors, norm_first, gelu, **rest):
            return call(*tensors, module=module, **rest)

        family.case(op, name, of, *[normal(*s) for s in shapes], *parameters, *masks, args=args,
                    differences_agree=op == "TransformerEncoderLayer")

    x, memory = (2, 3, 4), (2, 2, 4)
    padding = booleans([[False, False, True], [False, False, False]])
    memory_padding = booleans([[False, True], [False, False]])
    encoder = lambda **options: nn.TransformerEncoderLayer(4, 2, 3, **options)
    case("TransformerEncoderLayer", "post_norm", encoder, [x])
    case("TransformerEncoderLayer", "pre_norm", encoder, [x], norm_first=True)
    case("TransformerEncoderLayer", "gelu_causal", encoder, [x], activation="gelu", causal=True)
    case("TransformerEncoderLayer", "padding", encoder, [x], padding, call_with=["src_key_padding_mask"],
         norm_first=True)
    decoder = lambda **options: nn.TransformerDecoderLayer(4, 2, 3, **options)
    case("TransformerDecoderLayer", "post_norm", decoder, [x, memory], causal=True)
    case("TransformerDecoderLayer", "pre_norm", decoder, [x, memory], padding, memory_padding,
         call_with=["tgt_key_padding_mask", "memory_key_padding_mask"], norm_first=True, activation="gelu")
    whole = lambda **options: nn.Transformer(4, 2, 1, 2, 3, **options)
    case("Transformer", "post_norm", whole, [memory, x], causal=True)
    case("Transformer", "pre_norm", whole, [memory, x], memory_padding, memory_padding,
         call_with=["src_key_padding_mask", "memory_key_padding_mask"], norm_first=True, activation="gelu")


def write(directory):
    family = Family("attention")
    products(family)
    multi_head(family)
    transformers(family)
    family.write(directory)
    return family
