#!/usr/bin/python3
"""Writes files that are wrong, and files that are odd but right, for every format that nn reads: generate.py FOLDER.

FOLDER/cases.json lists them: the file, its reader, and either a piece of the complaint that it must get or the arrays
that it holds. The same files each time; nothing but Python is needed."""
import gzip
import json
import struct
import sys
import zlib
from pathlib import Path

CASES = []
FILES = {}


def add(reader, name, suffix, data, **expected):
    file = f"{reader}-{len(CASES):03}-{name.replace(' ', '-')}{suffix}"
    FILES[file] = data
    CASES.append({"file": file, "reader": reader, **expected})


def array(dtype, shape, values, name=""):
    return {"name": name, "dtype": dtype, "shape": shape, "values": values}


# --- safetensors ---

def safetensors(header, data=b"", length=None):
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensor(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def bad_tensors(name, header, complaint, data=b"\0" * 4, **options):
    add("safetensors", name, ".safetensors", safetensors(header, data, **options), complaint=complaint)


def good_tensors(name, header, arrays, data=b"\0" * 4):
    add("safetensors", name, ".safetensors", safetensors(header, data), arrays=arrays)


def make_safetensors():
    def raw(name, data, complaint):
        add("safetensors", name, ".safetensors", data, complaint=complaint)

    one = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'

    def edited(old, new):
        assert old in one
        return one.replace(old, new)

    raw("empty", b"", "0 bytes are too few for a header")
    raw("seven bytes", b"\2\0\0\0\0\0\0", "7 bytes are too few for a header")
    raw("no header", struct.pack("<Q", 2), "would have 2 bytes, but 0 follow")
    raw("gzip", gzip.compress(safetensors(one), mtime=0), "the header would have")
    raw("pickle", b"\x80\x02}q\x00X\x01\0\0\0xq\x01K\x01s.", "the header would have")
    raw("zip", b"PK\3\4" + b"\0" * 100, "bytes, but 96 follow")
    bad_tensors("header too long", one, "header would have 1000 bytes, but", length=1000)
    bad_tensors("header over the limit", one, "100000001 bytes, more than 100000000", length=100000001)
    bad_tensors("header of 2^64 - 1", one, "18446744073709551615 bytes, more than", length=2**64 - 1)
    bad_tensors("header of 2^63", one, "9223372036854775808 bytes, more than", length=2**63)
    bad_tensors("header cut short", one, "the header is not JSON", length=len(one) - 1)
    bad_tensors("header of no length", one, "does not start with {", length=0)
    bad_tensors("header into the data", one, "it holds a zero byte", length=len(one) + 2)
    bad_tensors("space first", " " + one, "does not start with {")
    bad_tensors("byte order mark first", "\ufeff" + one, "does not start with {")
    bad_tensors("array at the top", "[" + one + "]", "does not start with {")
    bad_tensors("not UTF-8", one.encode().replace(b"x", b"\xff"), "the header is not JSON")
    bad_tensors("overlong UTF-8", one.encode().replace(b"x", b"\xc0\xaf"), "the header is not JSON")
    bad_tensors("half a surrogate", edited('"x"', '"\\ud800"'), "the header is not JSON")
    bad_tensors("trailing zero bytes", one + "\0\0", "it holds a zero byte")
    bad_tensors("zero byte and more", one + "\0" + one, "it holds a zero byte")
    bad_tensors("two objects", one + one, "the header is not JSON")
    bad_tensors("trailing comma", one[:-1] + ",}", "the header is not JSON")
    bad_tensors("comment", one[:-1] + "/**/}", "the header is not JSON")
    bad_tensors("single quotes", one.replace('"', "'"), "the header is not JSON")
    bad_tensors("line break in a name", edited('"x"', '"\n"'), "the header is not JSON")
    bad_tensors("unclosed", one[:-1], "the header is not JSON")
    bad_tensors("deep nesting", '{"x":' + "[" * 100000, "an array stands where a tensor belongs")
    bad_tensors("tensor is a number", '{"x":1}', "a number stands where a tensor belongs")
    bad_tensors("tensor is null", '{"x":null}', "null stands where a tensor belongs")
    bad_tensors("tensor is a text", '{"x":"F32"}', "a text stands where a tensor belongs")
    bad_tensors("no dtype", edited('"dtype":"F32",', ""), "tensor `x` has no `dtype`")
    bad_tensors("no shape", edited('"shape":[1],', ""), "tensor `x` has no `shape`")
    bad_tensors("no offsets", edited(',"data_offsets":[0,4]', ""), "tensor `x` has no `data_offsets`")
    bad_tensors("nothing", '{"x":{}}', "tensor `x` has no `dtype`")
    bad_tensors("two dtypes", edited('"shape"', '"dtype":"F32","shape"'), "tensor `x` has two `dtype`")
    bad_tensors("two shapes", edited('"shape"', '"shape":[1],"shape"'), "tensor `x` has two `shape`")
    bad_tensors("two offsets", edited('"shape"', '"data_offsets":[0,4],"shape"'), "has two `data_offsets`")
    bad_tensors("unknown field", edited('"shape"', '"strides":[1],"shape"'), "has an unknown `strides`")
    bad_tensors("a name twice", one[:-1] + "," + one[1:], "two tensors are called `x`")
    bad_tensors("a name twice in two spellings", one[:-1] + "," + one[1:].replace('"x"', '"\\u0078"'),
                "two tensors are called `x`")
    bad_tensors("dtype unknown", edited("F32", "F128"), "tensor `x` has dtype `F128`, which is not supported")
    bad_tensors("dtype of 8 bits", edited("F32", "F8_E4M3"), "has dtype `F8_E4M3`, which is not supported")
    bad_tensors("dtype in small letters", edited("F32", "f32"), "has dtype `f32`")
    bad_tensors("dtype empty", edited("F32", ""), "has dtype ``")
    bad_tensors("dtype a number", edited('"F32"', "32"), "a number stands where `dtype` of tensor `x` belongs")
    bad_tensors("dtype an object", edited('"F32"', "{}"), "an object stands where `dtype` of tensor `x`")
    bad_tensors("dtype an array", edited('"F32"', '["F32"]'), "an array stands where `dtype` of tensor `x`")
    bad_tensors("shape a number", edited("[1]", "1"), "a number stands where `shape` of tensor `x` belongs")
    bad_tensors("shape null", edited("[1]", "null"), "null stands where `shape` of tensor `x` belongs")
    bad_tensors("shape of texts", edited("[1]", '["1"]'), "a text stands where `shape` of tensor `x` belongs")
    bad_tensors("shape nested", edited("[1]", "[[1]]"), "an array stands where `shape` of tensor `x` belongs")
    bad_tensors("shape true", edited("[1]", "[true]"), "true stands where `shape` of tensor `x` belongs")
    bad_tensors("length negative", edited("[1]", "[-1]"), "`shape` with `-1`, which is not an integer")
    bad_tensors("length minus zero", edited("[1]", "[-0]"), "which is not an integer from 0")
    bad_tensors("length fractional", edited("[1]", "[1.0]"), "`shape` with `1.0`, which is not an integer")
    bad_tensors("length with exponent", edited("[1]", "[1e0]"), "`shape` with `1e0`, which is not an integer")
    bad_tensors("length of 2^64 + 1", edited("[1]", f"[{2**64 + 1}]"), "`shape` with `18446744073709551617`")
    bad_tensors("length of 2^63", edited("[1]", f"[{2**63}]"), "has a length of 9223372036854775808")
    bad_tensors("lengths overflow", edited("[1]", f"[{2**32},{2**32}]"), "has lengths that overflow")
    bad_tensors("bytes overflow", edited("[1]", f"[{2**62}]"), "has lengths that overflow")
    bad_tensors("overflow to the right size", edited("[1]", f"[{2**62 + 1}]"), "has lengths that overflow")
    bad_tensors("shape too large", edited("[1]", "[2]"), "needs 8 bytes, but its offsets span 4")
    bad_tensors("shape too small", edited("[1]", "[0]"), "needs 0 bytes, but its offsets span 4")
    bad_tensors("dtype too wide", edited("F32", "F64"), "needs 8 bytes, but its offsets span 4")
    bad_tensors("offset negative", edited("[0,4]", "[-4,0]"), "`data_offsets` with `-4`, which is not an integer")
    bad_tensors("offset fractional", edited("[0,4]", "[0,4.0]"), "`data_offsets` with `4.0`")
    bad_tensors("offset of 2^64", edited("[0,4]", f"[0,{2**64 + 4}]"), "`data_offsets` with `18446744073709551620`")
    bad_tensors("offset of 1e400", edited("[0,4]", "[0,1e400]"), "the header is not JSON")
    bad_tensors("one offset", edited("[0,4]", "[4]"), "has 1 `data_offsets`, not a begin and an end")
    bad_tensors("three offsets", edited("[0,4]", "[0,2,4]"), "has 3 `data_offsets`, not a begin and an end")
    bad_tensors("no offset", edited("[0,4]", "[]"), "has 0 `data_offsets`, not a begin and an end")
    bad_tensors("offsets the wrong way", edited("[0,4]", "[4,0]"), "ends before it begins: 4 to 0")
    bad_tensors("offset behind the end", edited("[0,4]", "[4,8]"), "tensor `x` begins at 4, but the data at 0")
    bad_tensors("data cut short", one, "tensor `x` ends at 4, but the data at 3", b"\0" * 3)
    bad_tensors("no data", one, "tensor `x` ends at 4, but the data at 0", b"")
    bad_tensors("data too long", one, "the tensors end at 4, but the data at 5", b"\0" * 5)
    bad_tensors("data of no tensor", "{}", "the tensors end at 0, but the data at 1", b"\0")
    bad_tensors("hole", {"a": tensor(), "b": tensor(offsets=(8, 12))}, "tensor `b` begins at 8, but the one before ends "
                "at 4", b"\0" * 12)
    bad_tensors("overlap", {"a": tensor(shape=(2,), offsets=(0, 8)), "b": tensor(offsets=(4, 8))},
                "tensor `b` begins at 4, but the one before ends at 8", b"\0" * 8)
    bad_tensors("the same data twice", {"a": tensor(), "b": tensor()}, "tensor `b` begins at 0, but the one before")
    bad_tensors("huge end", {"a": tensor("U8", (2**57,), (0, 2**57))}, "ends at 144115188075855872, but the data at 4")
    bad_tensors("boolean of 2", {"x": tensor("BOOL", (4,))}, "tensor `x`: a boolean is 2, not 0 or 1", b"\0\1\2\0")
    bad_tensors("integer over i64", {"x": tensor("U64", (1,), (0, 8))}, "tensor `x`: an integer is 9223372036854775808",
                struct.pack("<Q", 2**63))
    bad_tensors("metadata a text", '{"__metadata__":"pt"}', "a text stands where the metadata belongs", b"")
    bad_tensors("metadata null", '{"__metadata__":null}', "null stands where the metadata belongs", b"")
    bad_tensors("metadata of numbers", '{"__metadata__":{"epoch":3}}', "a number stands where the metadata's texts", b"")
    bad_tensors("metadata nested", '{"__metadata__":{"a":{}}}', "an object stands where the metadata's texts", b"")
    bad_tensors("metadata array", '{"__metadata__":{"a":["b"]}}', "an array stands where the metadata's texts", b"")
    bad_tensors("metadata name twice", '{"__metadata__":{"a":"b","a":"c"}}', "the metadata has two `a`", b"")
    bad_tensors("metadata twice", '{"__metadata__":{},"__metadata__":{}}', "two tensors are called `__metadata__`", b"")

    good_tensors("nothing in it", "{}", [], b"")
    good_tensors("padded", one + " " * 9, [array("f32", [1], [1.5], "x")], struct.pack("<f", 1.5))
    good_tensors("spaces and lines within", json.dumps({"x": tensor()}, indent=1),
                 [array("f32", [1], [0], "x")])
    good_tensors("only metadata", {"__metadata__": {"format": "pt", "": ""}}, [], b"")
    good_tensors("scalar", {"x": tensor(shape=())}, [array("f32", [], [0], "x")])
    good_tensors("empty tensors", {"a": tensor(shape=(0,), offsets=(0, 0)), "b": tensor(),
                                   "c": tensor("F64", (3, 0, 2**40), (4, 4))},
                 [array("f32", [0], [], "a"), array("f32", [1], [0], "b"), array("f64", [3, 0, 2**40], [], "c")])
    good_tensors("not aligned", {"a": tensor("U8", (1,), (0, 1)), "b": tensor("F32", (1,), (1, 5))},
                 [array("i64", [1], [7], "a"), array("f32", [1], [2.5], "b")], b"\7" + struct.pack("<f", 2.5))
    good_tensors("another order", {"b": tensor(offsets=(4, 8)), "a": tensor()},
                 [array("f32", [1], [1], "a"), array("f32", [1], [2], "b")], struct.pack("<ff", 1, 2))
    good_tensors("not finite", {"x": tensor(shape=(3,), offsets=(0, 12))},
                 [array("f32", [3], ["nan", "inf", "-inf"], "x")],
                 struct.pack("<fff", float("nan"), float("inf"), float("-inf")))
    good_tensors("names of all kinds", {"": tensor(), "größe \"\\\n": tensor(offsets=(4, 8)), "数": tensor(offsets=(8, 12))},
                 [array("f32", [1], [0], ""), array("f32", [1], [0], "größe \"\\\n"), array("f32", [1], [0], "数")],
                 b"\0" * 12)
    good_tensors("rank of 40", {"x": tensor(shape=(1,) * 40)}, [array("f32", [1] * 40, [0], "x")])
    good_tensors("brain floats", {"x": tensor("BF16", (2,))}, [array("f32", [2], [1, -2], "x")], b"\x80\x3f\x00\xc0")


# --- npy ---

def npy(header, data=b"", version=(1, 0), length=None):
    header = header.encode() if isinstance(header, str) else header
    length = len(header) if length is None else length
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", length) + header + data


PLAIN = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n"


def make_npy():
    def bad(name, data, complaint):
        add("npy", name, ".npy", data, complaint=complaint)

    def edited(name, old, new, complaint, data=b"\0" * 8):
        assert old in PLAIN
        bad(name, npy(PLAIN.replace(old, new), data), complaint)

    eight = b"\0" * 8
    bad("empty", b"", "this is not npy")
    bad("another magic", b"\x93NUMPZ" + npy(PLAIN, eight)[6:], "this is not npy")
    bad("only magic", b"\x93NUMPY\1\0", "this is not npy")
    bad("pickle", b"\x80\x04\x95" + b"\0" * 30, "this is not npy")
    bad("version 0", npy(PLAIN, eight, (0, 0))[:-8], "npy has no version 0.0")
    bad("version 4", npy(PLAIN, eight, (4, 0)), "npy has no version 4.0")
    bad("version 1.1", npy(PLAIN, eight, (1, 1)), "npy has no version 1.1")
    bad("version 2 cut short", b"\x93NUMPY\2\0\1\0", "the file ends before its header")
    bad("header too long", npy(PLAIN, eight, length=67), "would have 67 bytes, but 66 follow")
    bad("header of 4 GiB", npy(PLAIN, eight, (2, 0), length=2**32 - 1), "would have 4294967295 bytes, but 66 follow")
    bad("header cut short", npy(PLAIN, eight, length=30), "where a text in quotes should be")
    bad("header empty", npy("", eight), "the header has its end where `{` should be")
    bad("no dictionary", npy("('<f4', False, (2,))", eight), "where `{` should be")
    bad("no descr", npy("{'fortran_order': False, 'shape': (2,)}", eight), "the header has no `descr`")
    bad("no order", npy("{'descr': '<f4', 'shape': (2,)}", eight), "the header has no `fortran_order`")
    bad("no shape", npy("{'descr': '<f4', 'fortran_order': False}", eight), "the header has no `shape`")
    bad("descr twice", npy(PLAIN.replace("{", "{'descr': '<f4', "), eight), "the header has two `descr`")
    bad("shape twice", npy(PLAIN.replace("{", "{'shape': (2,), "), eight), "the header has two `shape`")
    bad("unknown key", npy(PLAIN.replace("{", "{'strides': (4,), "), eight), "the header has an unknown `strides`")
    bad("two dictionaries", npy(PLAIN + PLAIN, eight), "where nothing more should be")
    bad("zero byte behind", npy(PLAIN + "\0", eight), "where nothing more should be")
    edited("unclosed", ", }", "", "the header has its end where a comma or a closing brace")
    edited("no comma", "False,", "False", "where a comma or a closing brace should be")
    edited("no colon", "'shape':", "'shape'", "where `:` should be")
    edited("key without quotes", "'shape'", "shape", "where a text in quotes should be")
    edited("text unclosed", "'shape': (2,), }\n", "'shape", "where a text in quotes should be")
    edited("escape in a text", "'<f4'", "'\\x3cf4'", "where a plain text should be")
    edited("call", "(2,)", "__import__('os')", "where `(` should be")
    edited("order a number", "False", "0", "where True or False should be")
    edited("order a text", "False", "'False'", "where True or False should be")
    edited("shape a list", "(2,)", "[2]", "where `(` should be")
    edited("shape in brackets", "(2,)", "(2)", "a number in brackets, not a tuple")
    edited("shape of texts", "(2,)", "('2',)", "where a length from 0 to 2^63 - 1 should be")
    edited("shape negative", "(2,)", "(-2,)", "where a length from 0 to 2^63 - 1 should be")
    edited("shape fractional", "(2,)", "(2.0,)", "where a comma or a closing bracket should be")
    edited("shape without comma", "(2,)", "(1 2)", "where a comma or a closing bracket should be")
    edited("shape with two commas", "(2,)", "(2,,)", "where a length from 0 to 2^63 - 1 should be")
    edited("shape of 2^63", "(2,)", f"({2**63},)", "where a length from 0 to 2^63 - 1 should be")
    edited("lengths overflow", "(2,)", f"({2**40}, {2**40})", "the shape's lengths overflow")
    edited("bytes overflow", "(2,)", f"({2**62},)", "the shape's lengths overflow")
    edited("overflow to the right size", "(2,)", f"({2**62}, 4)", "the shape's lengths overflow")
    edited("data too short", "(2,)", "(3,)", "needs 12 bytes of data, but 8 are there")
    edited("data too long", "(2,)", "(1,)", "needs 4 bytes of data, but 8 are there")
    edited("data of an empty array", "(2,)", "(0, 5)", "needs 0 bytes of data, but 8 are there")
    edited("claims terabytes", "(2,)", f"({2**40},)", "needs 4398046511104 bytes of data, but 8 are there")
    for name, descr in [("object", "|O"), ("text", "<U2"), ("bytes", "|S8"), ("complex", "<c8"), ("date", "<M8[ns]"),
                        ("void", "|V8"), ("long double", "<f16"), ("no order", "f4"), ("no order of many bytes", "|f4"),
                        ("empty", ""), ("unknown order", "!f4"), ("float of 3 bytes", "<f3")]:
        edited("dtype " + name, "'<f4'", f"'{descr}'", f"the dtype `{descr}` is not supported")
    edited("structure", "'<f4'", "[('a', '<f4')]", "the dtype is a structure")
    edited("dtype None", "'<f4'", "None", "where a text in quotes should be")
    bad("boolean of 255", npy(PLAIN.replace("<f4", "|b1"), b"\1\xff"), "a boolean is 255, not 0 or 1")
    bad("integer over i64", npy(PLAIN.replace("<f4", ">u8").replace("2", "1"), b"\xff" * 8),
        "an integer is 18446744073709551615")

    def good(name, header, data, expected, **options):
        add("npy", name, ".npy", npy(header, data, **options), arrays=[expected])

    two = struct.pack("<2f", 1, 2)
    good("version 2", PLAIN, two, array("f32", [2], [1, 2]), version=(2, 0))
    good("version 3", PLAIN, two, array("f32", [2], [1, 2]), version=(3, 0))
    good("not padded", "{'descr':'<f4','fortran_order':False,'shape':(2,)}", two, array("f32", [2], [1, 2]))
    good("another order and quotes", '{"shape": (2, ), "fortran_order": True, "descr": "<f4"}  \n', two,
         array("f32", [2], [1, 2]))
    good("big-endian", PLAIN.replace("<", ">"), struct.pack(">2f", 1, 2), array("f32", [2], [1, 2]))
    good("scalar", PLAIN.replace("(2,)", "()").replace("<f4", ">i2"), b"\xff\xfe", array("i64", [], [-2]))
    good("Fortran order", PLAIN.replace("False", "True").replace("(2,)", "(2, 3)").replace("<f4", "|i1"),
         bytes(range(6)), array("i64", [2, 3], [0, 2, 4, 1, 3, 5]))
    good("Fortran order of rank 3", PLAIN.replace("False", "True").replace("(2,)", "(2, 1, 2)").replace("<f4", "<u2"),
         struct.pack("<4H", 1, 2, 3, 4), array("i64", [2, 1, 2], [1, 3, 2, 4]))
    good("Fortran order of nothing", PLAIN.replace("False", "True").replace("(2,)", "(2, 0)"), b"",
         array("f32", [2, 0], []))
    good("long integers of Python 2", PLAIN.replace("(2,)", "(2L,)"), two, array("f32", [2], [1, 2]))
    good("half precision", PLAIN.replace("<f4", ">f2"), b"\x3c\x00\xfc\x00", array("f32", [2], [1, "-inf"]))
    good("booleans", PLAIN.replace("<f4", "|b1"), b"\1\0", array("boolean", [2], [1, 0]))


# --- zip, by hand, so that every field can be wrong ---

class Member:
    def __init__(self, name="x.npy", data=None, method=0, **wrong):
        self.name = name.encode() if isinstance(name, str) else name
        self.data = npy(PLAIN, struct.pack("<2f", 1, 2)) if data is None else data
        self.packed = self.data
        if method == 8:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.packed = packer.compress(self.data) + packer.flush()
        self.method = method
        self.wrong = wrong

    def fields(self, where):
        """Flags, method, crc, sizes and name as the header in `where` ("local" or "central") has them."""
        result = {"flags": 0, "method": self.method, "crc": zlib.crc32(self.data), "packed": len(self.packed),
                  "size": len(self.data), "name": self.name, "extra": b"", "disk": 0, "sign": None, "offset": None}
        for key, value in self.wrong.items():
            if key in result:
                result[key] = value
            elif key.startswith(where + "_"):
                result[key[len(where) + 1:]] = value
        return result


def zip_archive(*members, before=b"", between=b"", after=b"", end=None, comment=b"", zip64=None):
    body, directory = before, b""
    for member in members:
        offset = len(body)
        f = member.fields("local")
        body += (f["sign"] or b"PK\3\4") + struct.pack("<HHHIIIIHH", 20, f["flags"], f["method"], 0, f["crc"],
                                                       f["packed"], f["size"], len(f["name"]), len(f["extra"]))
        body += f["name"] + f["extra"] + member.wrong.get("body", member.packed) + member.wrong.get("descriptor", b"")
        body += between
        c = member.fields("central")
        directory += (c["sign"] or b"PK\1\2") + struct.pack(
            "<HHHHIIIIHHHHHII", 20, 20, c["flags"], c["method"], 0, c["crc"], c["packed"], c["size"], len(c["name"]),
            len(c["extra"]), 0, c["disk"], 0, 0, offset if c["offset"] is None else c["offset"]) + c["name"] + c["extra"]
    directory += after
    record = {"disk": 0, "start": 0, "here": len(members), "count": len(members), "size": len(directory),
              "offset": len(body), **(end or {})}
    wide = b""
    if zip64 is not None:
        z = {**record, "sign": b"PK\6\6", "length": 44, "at": len(body) + len(directory), **zip64}
        wide = z["sign"] + struct.pack("<QHHIIQQQQ", z["length"], 45, 45, 0, 0, z["here"], z["count"], z["size"],
                                       z["offset"])
        wide += b"PK\6\7" + struct.pack("<IQI", 0, z["at"], 1)
        record = {**record, **zip64.get("record", {"here": 0xffff, "count": 0xffff, "size": 0xffffffff,
                                                   "offset": 0xffffffff})}
    return body + directory + wide + b"PK\5\6" + struct.pack(
        "<HHHHIIH", record["disk"], record["start"], record["here"], record["count"], record["size"], record["offset"],
        len(comment)) + comment


def make_npz():
    def bad(name, data, complaint):
        add("npz", name, ".npz", data, complaint=complaint)

    def wrong(case, complaint, /, **fields):
        bad(case, zip_archive(Member(**fields)), complaint)

    whole = zip_archive(Member())
    data = npy(PLAIN, struct.pack("<2f", 1, 2))
    crc, size = zlib.crc32(data), len(data)
    missing = "the record that ends one is missing"
    bad("empty", b"", missing)
    bad("npy", data, missing)
    bad("cut short", whole[:-1], missing)
    bad("something behind", whole + b"\0", missing)
    bad("comment too long", whole[:-2] + b"\5\0abc", missing)
    bad("only the first half", whole[: len(whole) // 2], missing)
    bad("something before", b"#!" + whole, "directory would be 51 bytes at")
    bad("something between", zip_archive(Member(), after=b"\0"), "directory has more than its 1 members")
    bad("directory elsewhere", zip_archive(Member(), end={"offset": 0}), "bytes at 0, but it ends at")
    bad("directory behind the end", zip_archive(Member(), end={"offset": 2**31}), "bytes at 2147483648, but it ends")
    bad("directory too large", zip_archive(Member(), end={"size": 2**31}), "would be 2147483648 bytes")
    bad("several disks", zip_archive(Member(), end={"disk": 1}), "one of several disks")
    bad("directory on another disk", zip_archive(Member(), end={"start": 1}), "one of several disks")
    bad("part of the members", zip_archive(Member(), end={"here": 0}), "one of several disks")
    bad("too many members", zip_archive(Member(), end={"here": 2, "count": 2}), "has no room for 2 members")
    bad("too few members", zip_archive(Member(), Member("y.npy"), end={"here": 1, "count": 1}), "more than its 1 members")
    bad("a member twice", zip_archive(Member(), Member()), "two members have one name\n  file")
    bad("overlapping", zip_archive(Member(), Member("x.npy", central_name=b"y.npy", central_offset=0)),
        "header calls it `x.npy`")
    nested = zip_archive(Member("b.npy"))
    nested = nested[:nested.index(b"PK\1\2")]
    bad("one within another", zip_archive(Member("a.npy", nested), Member("b.npy", central_offset=30 + len("a.npy"))),
        "the member overlaps another")
    wrong("encrypted", "the member is encrypted", flags=1)
    wrong("strongly encrypted", "the member is encrypted", flags=1 << 6)
    wrong("masked", "the member is encrypted", flags=1 << 13)
    wrong("patch", "the member is a patch", flags=1 << 5)
    wrong("method 12", "packed by method 12; 0 and 8 are known", method=12)
    wrong("method 1", "packed by method 1;", method=1)
    wrong("no name", "a member of the zip archive has no name", name="")
    wrong("zero byte in the name", "the name holds a NUL byte", name="x\0.npy")
    wrong("another disk", "the member is on another disk", central_disk=1)
    wrong("not npy", "a member's name does not end in .npy", name="x.txt")
    wrong("folder", "a member's name does not end in .npy", name="x/", data=b"")
    wrong("bad entry", "does not start as one", central_sign=b"PK\1\3")
    wrong("bad header", "there is no header where", local_sign=b"PK\3\5")
    wrong("offset behind the directory", "would be behind", central_offset=2**31)
    wrong("offset in the middle", "there is no header where", central_offset=7)
    wrong("another name in the header", "header calls it `y.npy`", local_name=b"y.npy")
    wrong("another method in the header", "header and directory differ", local_method=8)
    wrong("another flag in the header", "header and directory differ", local_flags=2)
    wrong("another checksum in the header", "header and directory differ", local_crc=1)
    wrong("another size in the header", "header and directory differ", local_size=1)
    wrong("another packed size in the header", "header and directory differ", local_packed=1)
    wrong("wrong checksum", "the checksum does not fit the data", crc=1)
    wrong("wrong checksum deflated", "the checksum does not fit the data", crc=1, method=8)
    wrong("data changed", "the checksum does not fit the data", body=data[:-1] + b"\7")
    wrong("stored with two sizes", "the member is stored, but its sizes differ", size=size - 1)
    wrong("packed over the end", "would be behind", packed=2**31, size=2**31)
    wrong("packed into the directory", "ends in the header of a member", packed=size + 10, size=size + 10)
    wrong("bomb", "cannot unpack to", method=8, size=2**31)
    wrong("deflated to more", "unpacks to more than its", method=8, size=size - 1)
    wrong("deflated to less", "bytes, not", method=8, size=size + 1)
    bad("deflated cut short", zip_archive(Member(method=8, packed=20, body=Member(method=8).packed[:20])),
        "the deflated data ends early")
    deflated = Member(method=8).packed
    bad("deflated damaged", zip_archive(Member(method=8, body=b"\xff" * len(deflated))), "the deflated data is damaged")
    bad("deflated and more", zip_archive(Member(method=8, packed=len(deflated) + 1, body=deflated + b"\0")),
        "something follows the deflated data")
    wrong("extra cut short", "extra field of the zip archive is cut short", central_extra=b"\1\0\x10\0abc")
    wrong("zip64 field cut short", "a zip64 field is cut short", central_size=2**32 - 1, central_extra=b"\1\0\4\0abcd")
    wrong("zip64 field of 2^63", "its sizes differ", central_size=2**32 - 1,
          central_extra=struct.pack("<HHQ", 1, 8, 2**63))
    wrong("no descriptor", "ends in the descriptor of a member", flags=8)
    wrong("wrong descriptor", "descriptor and directory differ", flags=8, local_crc=0, local_packed=0, local_size=0,
          descriptor=b"PK\7\x08" + struct.pack("<IIIQ", crc, size, size + 1, 0))
    wrong("wrong checksum in the descriptor", "descriptor and directory differ", flags=8, local_crc=0, local_packed=0,
          local_size=0, descriptor=b"PK\7\x08" + struct.pack("<III", crc ^ 1, size, size))
    bad("zip64 elsewhere", zip_archive(Member(), zip64={"at": 3}), "the zip64 record is not where the locator says")
    bad("zip64 behind", zip_archive(Member(), zip64={"at": 2**63}), "would be behind its locator")
    bad("zip64 length", zip_archive(Member(), zip64={"length": 2**60}), "zip64 record would have 1152921504606846976")
    bad("zip64 differs", zip_archive(Member(), zip64={"record": {"count": 7}}), "the zip64 record and the last record differ")
    bad("zip64 of many members", zip_archive(Member(), zip64={"here": 2**62, "count": 2**62}), "has no room for 4611686018")
    bad("member no npy", zip_archive(Member(data=b"hello")), "this is not npy")
    bad("member an object", zip_archive(Member(data=npy(PLAIN.replace("<f4", "|O"), b"\0" * 16))), "member  `x.npy`")
    bad("member cut short", zip_archive(Member(data=data[:-1])), "needs 8 bytes of data, but 7 are there")

    def good(name, data, *arrays):
        add("npz", name, ".npz", data, arrays=list(arrays))

    x = array("f32", [2], [1, 2], "x")
    good("nothing in it", zip_archive())
    good("stored", zip_archive(Member()), x)
    good("deflated", zip_archive(Member(method=8)), x)
    good("comment", zip_archive(Member(), comment=b"PK\5\6 is how one starts, and this is none of that"), x)
    good("two members and gaps", zip_archive(Member(), Member("y.npy", method=8), before=b"#!", between=b"gap"), x,
         {**x, "name": "y"})
    good("the largest record", zip_archive(Member(), zip64={}), x)
    long = struct.pack("<HHQQ", 1, 16, size, size)
    good("large sizes as numpy writes them", zip_archive(Member(local_size=2**32 - 1, local_packed=2**32 - 1,
                                                                local_extra=long)), x)
    good("descriptor", zip_archive(Member(flags=8, local_crc=0, local_packed=0, local_size=0,
                                          descriptor=b"PK\7\x08" + struct.pack("<III", crc, size, size))), x)
    good("descriptor unsigned", zip_archive(Member(flags=8, local_crc=0, local_packed=0, local_size=0,
                                                   descriptor=struct.pack("<III", crc, size, size))), x)
    good("descriptor of large sizes", zip_archive(Member(flags=8, descriptor=struct.pack("<IQQ", crc, size, size))), x)
    good("name in UTF-8", zip_archive(Member("größe.npy", flags=1 << 11)), {**x, "name": "größe"})


# --- IDX and gzip ---

def idx(kind, lengths, data=b"", rank=None):
    return bytes([0, 0, kind, len(lengths) if rank is None else rank]) + struct.pack(f">{len(lengths)}I", *lengths) + data


def make_idx():
    def bad(name, data, complaint, suffix=""):
        add("idx", name, suffix or "-idx", data, complaint=complaint)

    plain = idx(8, [2, 3], bytes(range(6)))
    bad("empty", b"", "this is not IDX")
    bad("three bytes", b"\0\0\x08", "this is not IDX")
    bad("first byte", b"\1" + plain[1:], "this is not IDX")
    bad("second byte", b"\0\1" + plain[2:], "this is not IDX")
    bad("little-endian", plain[3::-1] + plain[4:], "this is not IDX")
    for kind in (0, 7, 10, 15, 255):
        bad(f"type {kind}", idx(kind, [6], bytes(range(6))), f"IDX has no element type {kind};")
    bad("no lengths", idx(8, [], rank=3), "the file ends in its 3 lengths: it has 4 bytes")
    bad("lengths cut short", idx(8, [1, 2], rank=3)[:-1], "the file ends in its 3 lengths: it has 11 bytes")
    bad("rank of 255", idx(8, [1], b"\0", rank=255), "the file ends in its 255 lengths")
    bad("no data", idx(8, [2, 3]), "needs 6 bytes of data, but 0 are there")
    bad("data too short", plain[:-1], "needs 6 bytes of data, but 5 are there")
    bad("data too long", plain + b"\0", "needs 6 bytes of data, but 7 are there")
    bad("half an element", idx(0x0B, [2], b"\0\0\0"), "needs 4 bytes of data, but 3 are there")
    bad("data of an empty array", idx(8, [0, 5], b"\0"), "needs 0 bytes of data, but 1 are there")
    bad("claims gigabytes", idx(0x0E, [2**32 - 1], b"\0" * 8), "needs 34359738360 bytes of data, but 8 are there")
    bad("lengths overflow", idx(8, [2**32 - 1] * 3), "the lengths overflow")
    bad("overflow to the right size", idx(8, [2**31, 2**31, 4], b""), "the lengths overflow")

    packed = gzip.compress(plain, mtime=0)
    early, damaged = "the gzip data ends early", "the gzip data is damaged"
    bad("not gzip", plain, "the file's name ends in .gz, but it is not gzip", ".gz")
    bad("gzip empty", b"", "the file's name ends in .gz, but it is not gzip", ".gz")
    bad("gzip only magic", packed[:2], early, ".gz")
    bad("gzip header cut short", packed[:9], early, ".gz")
    bad("gzip data cut short", packed[:15], early, ".gz")
    bad("gzip checksum cut short", packed[:-5], early, ".gz")
    bad("gzip length cut short", packed[:-1], early, ".gz")
    bad("gzip wrong checksum", packed[:-8] + b"\0\0\0\0" + packed[-4:], damaged, ".gz")
    bad("gzip wrong length", packed[:-4] + b"\7\0\0\0", damaged, ".gz")
    bad("gzip method", packed[:2] + b"\7" + packed[3:], damaged, ".gz")
    bad("gzip reserved flags", packed[:3] + b"\xe0" + packed[4:], damaged, ".gz")
    bad("gzip block type", packed[:10] + b"\xff" + packed[11:], damaged, ".gz")
    bad("gzip and more", packed + b"more", "something that is not gzip follows the gzip data", ".gz")
    bad("gzip second member damaged", packed + packed[:12], early, ".gz")
    bad("gzip of too little", gzip.compress(plain[:-1], mtime=0), "needs 6 bytes of data, but 5 are there", ".gz")
    bad("gzip bomb", gzip.compress(b"\0" * (1 << 25), mtime=0), "more than the 16777216 bytes that max_bytes allows", ".gz")

    def good(name, data, expected, suffix="-idx"):
        add("idx", name, suffix, data, arrays=[expected])

    good("rank 0", idx(8, [], b"\7"), array("i64", [], [7]))
    good("rank 9", idx(9, [1] * 9, b"\xff"), array("i64", [1] * 9, [-1]))
    good("rank 255", idx(9, [1] * 255, b"\xff"), array("i64", [1] * 255, [-1]))
    good("nothing in it", idx(0x0D, [0, 2**32 - 1]), array("f32", [0, 2**32 - 1], []))
    good("doubles", idx(0x0E, [2], struct.pack(">2d", 0.1, float("-inf"))), array("f64", [2], [0.1, "-inf"]))
    good("gzip of two members", gzip.compress(plain[:5], mtime=0) + gzip.compress(plain[5:], mtime=0),
         array("i64", [2, 3], [0, 1, 2, 3, 4, 5]), ".gz")
    good("gzip padded with zeros", packed + b"\0" * 512, array("i64", [2, 3], [0, 1, 2, 3, 4, 5]), ".gz")
    good("gzip with a name", packed[:3] + b"\x08" + packed[4:10] + b"name\0" + packed[10:],
         array("i64", [2, 3], [0, 1, 2, 3, 4, 5]), ".gz")
    good("gzip by its bytes", packed, array("i64", [2, 3], [0, 1, 2, 3, 4, 5]))


# --- CSV ---

def make_csv():
    def bad(name, data, complaint, suffix=".csv"):
        data = data.encode() if isinstance(data, str) else data
        add("csv", name, suffix, data, complaint=complaint)

    bad("empty", "", "the file is empty")
    bad("only line ends", "\n\r\n", "the file is empty")
    bad("only a byte order mark", "\ufeff", "the file is empty")
    bad("row too short", "a,b\n1\n", "a row has 1 field where the first has 2")
    bad("row too long", "a,b\n1,2,3\n", "a row has 3 fields where the first has 2")
    bad("empty line within", "a,b\n1,2\n\n3,4\n", ":3:1, field 1")
    bad("empty field", "a,b\n1,\n", "a field is empty")
    bad("spaces", "a,b\n1, 2\n", "a field is not a number: ` 2`")
    bad("word", "a,b\n1,two\n", ":2:3, field 2 `b`")
    bad("hexadecimal", "a,b\n1,0x10\n", "a field is not a number: `0x10`")
    bad("thousands", "a\n\"1,000\"\n", "a field is not a number: `1,000`")
    bad("underscore", "a\n1_000\n", "a field is not a number")
    bad("decimal comma", "a\n1,5\n", "a row has 2 fields where the first has 1")
    bad("nan with a tag", "a\nnan(1)\n", "a field is not a number")
    bad("too large", "a\n1e400\n", "out of the range of f64: `1e400`")
    bad("quote unclosed", "a,b\n\"1,2\n", "a quote is never closed")
    bad("quote within", "a,b\n1\"2\",3\n", "a quote stands inside a field")
    bad("text behind a quote", "a,b\n\"1\"2,3\n", "something follows a closing quote")
    bad("carriage return alone", "a,b\r1,2\r", "a carriage return stands alone")
    bad("zero byte", "a,b\n1,2\0\n", "the text holds a NUL byte")
    bad("Latin-1", "gr\xf6\xdfe\n1\n".encode("latin-1"), "the text is not UTF-8")
    bad("overlong UTF-8", b"\xc0\xaf\n1\n", "the text is not UTF-8")
    bad("surrogate", b"\xed\xa0\x80\n1\n", "the text is not UTF-8")
    bad("UTF-16", "a\n1\n".encode("utf-16"), "this is UTF-16")
    bad("gzip cut short", gzip.compress(b"a\n1\n", mtime=0)[:-3], "the gzip data ends early", ".csv.gz")

    def good(name, data, *numbers, suffix=".csv"):
        data = data.encode() if isinstance(data, str) else data
        rows = len(numbers)
        columns = len(numbers[0]) if numbers else 2
        add("csv", name, suffix, data, arrays=[array("f64", [rows, columns], [n for row in numbers for n in row])])

    good("only a header", "a,b\n")
    good("no line end", "a,b\n1,2", [1, 2])
    good("lines of Windows, mark, quotes", "\ufeffa,\"b \"\"c\"\",\nd\"\r\n\"1\",2\r\n", [1, 2])
    good("line ends of both kinds", "a\r\n1\n2\r\n\n\r\n", [1], [2])
    good("numbers of all kinds", "a\n+1\n-0\n.5\n5.\n1E3\n1e-400\nNaN\n-inf\nInfinity\n",
         [1], [0], [0.5], [5], [1000], [0], ["nan"], ["-inf"], ["inf"])
    good("gzip", gzip.compress(b"a,b\n1,2\n", mtime=0), [1, 2], suffix=".csv.gz")


def main(folder):
    for make in (make_safetensors, make_npy, make_npz, make_idx, make_csv):
        make()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    (folder / "cases.json").write_text(json.dumps(CASES, indent=1, ensure_ascii=False), encoding="utf-8")
    bad = sum("complaint" in case for case in CASES)
    print(f"{bad} bad files, {len(CASES) - bad} odd ones")


if __name__ == "__main__":
    main(sys.argv[1])
