#!/usr/bin/python3
"""Writes the CSV files of this directory from scikit-learn's bundled data (apt install python3-sklearn).

One header row, one row a sample, the answer last: `label` counts classes from 0, `target` is a quantity.
A number is written with the fewest digits that read back to the same double; whole numbers without a point.
A file above 300 KB is written as .csv.gz instead. The bytes depend on scikit-learn's data alone.
"""

import csv
import gzip
import io
from pathlib import Path

from sklearn import datasets

HERE = Path(__file__).parent
GZIP_ABOVE = 300_000

TABLES = {  # file name: (data set, name of the last column)
    "breast_cancer": (datasets.load_breast_cancer(), "label"),
    "digits": (datasets.load_digits(), "label"),
    "iris": (datasets.load_iris(), "label"),
    "wine": (datasets.load_wine(), "label"),
    "diabetes": (datasets.load_diabetes(scaled=False), "target"),
}


def shortest(value):
    value = float(value)
    return str(int(value)) if value.is_integer() else repr(value)


def as_csv(table, answer):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*table.feature_names, answer])
    for features, y in zip(table.data, table.target):
        if not float(y).is_integer():
            raise ValueError(f"{answer} {y} is not an integer")
        writer.writerow([*map(shortest, features), int(y)])
    return text.getvalue().encode()


def main():
    for name, (table, answer) in TABLES.items():
        data = as_csv(table, answer)
        plain, packed = HERE / f"{name}.csv", HERE / f"{name}.csv.gz"
        small = len(data) <= GZIP_ABOVE
        (packed if small else plain).unlink(missing_ok=True)
        (plain if small else packed).write_bytes(data if small else gzip.compress(data, 9, mtime=0))
        rows, columns = table.data.shape
        print(f"{name}: {rows} rows, {columns} features, {len(data)} bytes of CSV")


if __name__ == "__main__":
    main()
