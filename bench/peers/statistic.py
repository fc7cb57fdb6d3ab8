"""The little arithmetic that tables need."""

import math


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


def lower_spread(values):
    """From the least to where a quarter of the values lie below: what the least may be off by."""
    values = sorted(values)
    return values[math.ceil((len(values) - 1) / 4)] - values[0]


def pairs(table, first, second):
    """{input: (figure of first, figure of second)} where both have one."""
    return {key: (row[first], row[second]) for key, row in table.items()
            if first in row and second in row}
