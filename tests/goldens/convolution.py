"""Convolutions, pooling and resampling of sequences and images."""

import torch
from golden import INF, NAN, Family, floats, normal
from torch.nn import functional


def biased(function):
    """Calls with two inputs or three: the bias may be left out."""

    def call(x, weight, bias=None, **args):
        return function(x, weight, bias, **args)

    return call


def convolutions(family):
    one = {"plain": ((2, 2, 5), (3, 2, 3), {}), "options": ((1, 2, 8), (2, 2, 3), dict(stride=2, padding=3, dilation=2)),
           "grouped": ((2, 4, 4), (6, 2, 2), dict(groups=2)), "depthwise": ((1, 3, 5), (3, 1, 3), dict(padding=1, groups=3)),
           "wide_steps": ((1, 1, 9), (2, 1, 2), dict(stride=3)), "many_channels": ((1, 2, 4), (9, 2, 2), {}),
           "no_batch": ((0, 2, 4), (3, 2, 3), {})}
    full = dict(stride=1, padding=0, dilation=1, groups=1)
    for name, (x, w, args) in one.items():
        family.case("conv1d", name, biased(functional.conv1d), normal(*x), normal(*w), normal(w[0]), args=full | args)
        if name in ("plain", "grouped"):
            family.case("conv1d", name + "_no_bias", biased(functional.conv1d), normal(*x), normal(*w), args=full | args)
    two = {"plain": ((2, 2, 4, 5), (3, 2, 3, 3), {}), "uneven_kernel": ((1, 2, 4, 5), (2, 2, 1, 4), {}),
           "options": ((1, 2, 5, 6), (2, 2, 3, 2), dict(stride=(2, 1), padding=(1, 2), dilation=(1, 2))),
           "stride_beyond_kernel": ((1, 1, 6, 7), (2, 1, 2, 1), dict(stride=(3, 2))),
           "left_over": ((1, 1, 6, 6), (2, 1, 3, 3), dict(stride=2)),
           "grouped": ((1, 4, 3, 3), (4, 2, 2, 2), dict(groups=2)),
           "grouped_wide": ((1, 2, 3, 3), (10, 1, 2, 2), dict(padding=1, groups=2)),
           "depthwise": ((1, 3, 4, 4), (3, 1, 3, 3), dict(padding=1, groups=3)),
           "depthwise_stride": ((1, 2, 5, 5), (4, 1, 3, 3), dict(stride=2, padding=(0, 1), groups=2)),
           "one_by_one": ((2, 3, 2, 3), (4, 3, 1, 1), {}), "many_channels": ((1, 2, 3, 3), (18, 2, 2, 2), dict(padding=1)),
           "padding_beyond_kernel": ((1, 1, 2, 2), (1, 1, 2, 2), dict(padding=3)),
           "no_batch": ((0, 2, 3, 3), (2, 2, 2, 2), {})}
    full = dict(stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1)
    for name, (x, w, args) in two.items():
        args = full | {k: (v, v) if k != "groups" and isinstance(v, int) else v for k, v in args.items()}
        family.case("conv2d", name, biased(functional.conv2d), normal(*x), normal(*w), normal(w[0]), args=args)
        if name in ("plain", "options"):
            family.case("conv2d", name + "_no_bias", biased(functional.conv2d), normal(*x), normal(*w), args=args)


def transposed(family):
    one = {"plain": ((2, 2, 4), (2, 3, 3), {}), "grouped": ((1, 4, 3), (4, 2, 2), dict(groups=2)),
           "options": ((1, 2, 4), (2, 2, 3), dict(stride=3, padding=1, output_padding=2, dilation=2))}
    full = dict(stride=1, padding=0, output_padding=0, dilation=1, groups=1)
    for name, (x, w, args) in one.items():
        args = full | args
        family.case("conv_transpose1d", name, biased(functional.conv_transpose1d), normal(*x), normal(*w),
                    normal(w[1] * args["groups"]), args=args)
    two = {"plain": ((2, 2, 3, 2), (2, 3, 2, 3), {}), "doubling": ((1, 2, 3, 3), (2, 2, 4, 4), dict(stride=2, padding=1)),
           "options": ((1, 2, 3, 2), (2, 2, 3, 2),
                       dict(stride=(2, 3), padding=(1, 0), output_padding=(1, 2), dilation=(2, 1))),
           "dilated_output_padding": ((1, 1, 3, 3), (1, 2, 2, 2), dict(output_padding=1, dilation=2)),
           "stride_beyond_kernel": ((1, 1, 2, 3), (1, 2, 2, 1), dict(stride=3)),
           "grouped": ((1, 4, 2, 2), (4, 2, 2, 2), dict(groups=2)), "depthwise": ((1, 3, 3, 3), (3, 1, 2, 2), dict(groups=3)),
           "many_channels": ((1, 2, 2, 2), (2, 9, 2, 2), {}), "no_batch": ((0, 2, 3, 3), (2, 2, 2, 2), {})}
    full = dict(stride=(1, 1), padding=(0, 0), output_padding=(0, 0), dilation=(1, 1), groups=1)
    for name, (x, w, args) in two.items():
        args = full | {k: (v, v) if k != "groups" and isinstance(v, int) else v for k, v in args.items()}
        family.case("conv_transpose2d", name, biased(functional.conv_transpose2d), normal(*x), normal(*w),
                    normal(w[1] * args["groups"]), args=args)
        if name in ("plain", "options"):
            family.case("conv_transpose2d", name + "_no_bias", biased(functional.conv_transpose2d), normal(*x),
                        normal(*w), args=args)


def largest(family):
    full = dict(kernel_size=2, stride=None, padding=0, dilation=1, ceil_mode=False)
    for name, (x, args) in {"plain": ((2, 2, 6), {}), "overlapping": ((1, 2, 7), dict(kernel_size=3, stride=2, padding=1)),
                            "dilated": ((1, 1, 8), dict(kernel_size=3, stride=1, dilation=2)),
                            "ceil": ((1, 1, 6), dict(stride=4, ceil_mode=True)),
                            "no_batch": ((0, 2, 4), {})}.items():
        family.case("max_pool1d", name, functional.max_pool1d, normal(*x), args=full | args)
    ties = floats([[[1.0, 1.0, 2.0, 0.0, 2.0]]])
    family.case("max_pool1d", "ties", functional.max_pool1d, ties, args=full | dict(kernel_size=3, stride=1),
                differences_agree=False)
    pairs = ("kernel_size", "stride", "padding", "dilation")
    for name, (x, args) in {"plain": ((2, 2, 4, 6), {}), "left_over": ((1, 2, 5, 7), {}),
                            "uneven": ((1, 2, 4, 6), dict(kernel_size=(3, 2), stride=(1, 2))),
                            "padded": ((1, 2, 5, 5), dict(kernel_size=3, stride=2, padding=1)),
                            "overlapping": ((1, 1, 5, 5), dict(kernel_size=3, stride=1, padding=(1, 0))),
                            "dilated": ((1, 1, 6, 7), dict(kernel_size=2, stride=1, dilation=(2, 3))),
                            "ceil": ((1, 1, 5, 6), dict(kernel_size=3, stride=2, ceil_mode=True)),
                            "ceil_padded": ((1, 1, 5, 5), dict(kernel_size=2, stride=2, padding=1, ceil_mode=True)),
                            "ceil_dropped": ((1, 1, 3, 3), dict(kernel_size=1, stride=3, ceil_mode=True)),
                            "large": ((1, 1, 20, 19), dict(kernel_size=17, stride=1)),
                            "no_batch": ((0, 2, 4, 4), {})}.items():
        args = {k: (v, v) if k in pairs and isinstance(v, int) else v for k, v in (full | args).items()}
        family.case("max_pool2d", name, functional.max_pool2d, normal(*x), args=args,
                    order=1 if name == "large" else 2)
    full = dict(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), ceil_mode=False)
    family.case("max_pool2d", "ties", functional.max_pool2d, floats([[[[1.0, 1.0, 3.0, 2.0], [0.0, 1.0, 3.0, 3.0]]]]),
                args=full, differences_agree=False)
    odd = floats([[[[1.0, NAN, -INF, -INF], [2.0, 0.0, -INF, -INF]]]])
    family.case("max_pool2d", "special", functional.max_pool2d, odd, args=full, differences_agree=False)
    family.case("max_pool2d", "special_overlapping", functional.max_pool2d, odd, args=full | dict(stride=(1, 1)),
                differences_agree=False)


def means(family):
    full = dict(kernel_size=2, stride=None, padding=0, ceil_mode=False, count_include_pad=True)
    for name, (x, args) in {"plain": ((2, 2, 6), {}), "overlapping": ((1, 2, 7), dict(kernel_size=3, stride=2, padding=1)),
                            "not_counted": ((1, 1, 6), dict(kernel_size=3, padding=1, count_include_pad=False)),
                            "ceil": ((1, 1, 6), dict(kernel_size=3, stride=2, ceil_mode=True)),
                            "no_batch": ((0, 2, 4), {})}.items():
        family.case("avg_pool1d", name, functional.avg_pool1d, normal(*x), args=full | args)
    pairs = ("kernel_size", "stride", "padding")
    for name, (x, args) in {"plain": ((2, 2, 4, 6), {}), "left_over": ((1, 2, 5, 7), {}),
                            "uneven": ((1, 2, 4, 6), dict(kernel_size=(3, 2), stride=(1, 3))),
                            "padded": ((1, 2, 5, 5), dict(kernel_size=3, stride=2, padding=1)),
                            "not_counted": ((1, 1, 5, 4), dict(kernel_size=(3, 2), stride=(2, 1), padding=1,
                                                               count_include_pad=False)),
                            "ceil": ((1, 1, 5, 6), dict(kernel_size=3, stride=2, ceil_mode=True)),
                            "ceil_padded": ((1, 1, 5, 5), dict(kernel_size=3, stride=3, padding=1, ceil_mode=True)),
                            "ceil_not_counted": ((1, 1, 5, 5), dict(kernel_size=3, stride=3, padding=1, ceil_mode=True,
                                                                    count_include_pad=False)),
                            "no_batch": ((0, 2, 4, 4), {})}.items():
        args = {k: (v, v) if k in pairs and isinstance(v, int) else v for k, v in (full | args).items()}
        family.case("avg_pool2d", name, functional.avg_pool2d, normal(*x), args=args)
    for name, (x, size) in {"divides": ((2, 2, 6), 3), "overlaps": ((1, 2, 7), 3), "one": ((1, 2, 5), 1),
                            "longer": ((1, 1, 3), 5), "no_batch": ((0, 1, 4), 2)}.items():
        family.case("adaptive_avg_pool1d", name, functional.adaptive_avg_pool1d, normal(*x), args=dict(output_size=size))
    for name, (x, size) in {"divides": ((2, 2, 4, 6), (2, 3)), "overlaps": ((1, 2, 5, 7), (3, 2)), "one": ((1, 2, 4, 5), (1, 1)),
                            "larger": ((1, 1, 2, 3), (3, 5)), "no_batch": ((0, 1, 4, 4), (2, 2))}.items():
        family.case("adaptive_avg_pool2d", name, functional.adaptive_avg_pool2d, normal(*x), args=dict(output_size=size))


def resampling(family):
    def resample(x, size, scale_factor, mode, align_corners):
        return functional.interpolate(x, size, scale_factor, mode, align_corners if mode == "bilinear" else None)

    full = dict(size=None, scale_factor=None, mode="nearest", align_corners=False)
    for name, (x, args) in {"double": ((2, 2, 2, 3), dict(scale_factor=(2.0, 2.0))),
                            "uneven": ((1, 2, 3, 4), dict(scale_factor=(1.5, 3.0))),
                            "sized": ((1, 2, 3, 4), dict(size=(7, 5))), "smaller": ((1, 1, 5, 7), dict(size=(2, 3))),
                            "shrunk": ((1, 1, 6, 5), dict(scale_factor=(0.4, 0.7))), "same": ((1, 1, 2, 3), dict(size=(2, 3))),
                            "one": ((1, 1, 3, 3), dict(size=(1, 1))), "from_one": ((1, 2, 1, 1), dict(size=(2, 3))),
                            "no_batch": ((0, 1, 2, 2), dict(scale_factor=(2.0, 2.0)))}.items():
        family.case("upsample", "nearest_" + name, resample, normal(*x), args=full | args)
        family.case("upsample", "bilinear_" + name, resample, normal(*x), args=full | args | dict(mode="bilinear"))
        family.case("upsample", "corners_" + name, resample, normal(*x),
                    args=full | args | dict(mode="bilinear", align_corners=True))


def write(directory):
    family = Family("convolution")
    convolutions(family)
    transposed(family)
    largest(family)
    means(family)
    resampling(family)
    family.write(directory)
    return family
