"""The little arithmetic that tables need."""

import math


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


def pairs(table, first, second):
    """{input: (figure of first, figure of second)} where both have one above zero; what is left
    after a subtraction may be below."""
    return {key: (row[first], row[second]) for key, row in table.items()
            if row.get(first, 0) > 0 and row.get(second, 0) > 0}
