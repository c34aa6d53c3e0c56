"""What the targets are fed: texts, tables and exports as they come, and the same damaged."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

LINE_ENDS = ("\n", "\r\n", "\r", "\n\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", " ", "")
LINES = (
    "The U.S. and China met on Jan. 5, said Mr. Smith (of the E.U.).",
    '"Order follows power," he wrote. "Does it?" Yes... it does!',
    "Power shifts in a multipolar world, and no state alone",
    "will set the rules of the next one; partner-",
    "ship is the other name of balance.",
    "By Ann Lee",
    "24.",
    "1. First, trade.",
    "• a point without an end",
    "(iv) another one",
    "Photo: AP",
    "Share this article",
    "References",
    "Smith, J. (2019). Order. Journal of Power, 12(3), 4-5. https://doi.org/10.1/x",
    "© 2026 The Times. All rights reserved.",
    "中国和俄罗斯达成四项战略共识。世界正在改变！",
    "العالم يتغير؟ نعم.",
)
ODD_CHARACTERS = (
    " .?!,:;'\"()-–—…0aZé中\u200b\u200f\u00a0\u3000\u0301\ufeff\ufffd\ud800\udfff\0\t\n\u2028🙂"
)

odd_text = st.text(st.sampled_from(ODD_CHARACTERS), max_size=40)
# Longer than the splitter's window, of one character or a few.
long_text = st.builds(lambda text, times: text * times, odd_text, st.integers(1, 400))
line = st.one_of(st.sampled_from(LINES), st.text(max_size=40), odd_text, long_text)

#: Articles, good and bad.
texts = st.lists(st.tuples(line, st.sampled_from(LINE_ENDS)), max_size=12).map(
    lambda parts: "".join(text + end for text, end in parts)
)

encodings = st.sampled_from(
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252", "cp1251", "gb18030", "cp932"]
)


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Draw bytes with up to three stretches replaced, removed or doubled."""
    data = draw(whole)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 16, 10_000])))
        new = draw(st.one_of(st.binary(max_size=4), st.sampled_from(_STRETCHES)))
        data = data[:start] + draw(st.sampled_from([new, data[start:end] * 2])) + data[end:]
    return data


_STRETCHES = (
    *(b"", b"\0", b"\n", b"\r", b'"', b'""', b"'", b",", b";", b"\t", b"{", b"[", b"\\u0000"),
    *(b"\\ud800", b"\xff\xfe", b"\xef\xbb\xbf", b"NaN", b"1e999", b"[" * 2_000, b"9" * 5_000),
    *(b'{"a":' * 900, b"[" * 960 + b"]" * 960),
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    odd_text,
    st.sampled_from([float("inf"), float("nan"), -1, 10**30]),
    st.sampled_from(["favor", "against", "cooperation", "", "x" * 300, "../x", "/etc/passwd"]),
)
#: Any JSON, some of it as deep as the parser lets through.
any_json = st.one_of(
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from([50, 400, 900, 960]).map(lambda depth: json.loads("[" * depth + "]" * depth)),
)


@st.composite
def changed(draw: st.DrawFn, record: Any) -> Any:
    """Draw JSON data with one to three of its values replaced, removed or renamed."""
    record = copy.deepcopy(record)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(record))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        value = draw(any_json)
        match draw(st.sampled_from(["replace", "remove", "rename"])):
            case "rename" if isinstance(holder, dict):
                holder[draw(odd_text)] = holder.pop(key)
            case "remove":
                del holder[key]
            case _:
                holder[key] = value
    return record


def _places(record: Any) -> Iterator[tuple[Any, Any]]:
    """Give every place of a value in JSON data, as what holds it and its key, to a depth of ten."""
    level = [record]
    for _ in range(10):
        below = []
        for holder in level:
            keys = list(holder) if isinstance(holder, dict) else range(len(holder))
            yield from ((holder, key) for key in keys)
            below += [holder[key] for key in keys if isinstance(holder[key], (dict, list))]
        level = below


def as_json(data: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return data.map(lambda value: json.dumps(value).encode())


def as_json_lines(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return st.lists(as_json(rows), max_size=4).map(b"\n".join)


def as_table(columns: list[str], delimiter: str) -> st.SearchStrategy[bytes]:
    """Draw a table with roughly these columns."""
    cell = st.one_of(st.sampled_from(["a", '"a, b"', '"', "cooperation:favor", "="]), odd_text)
    header = st.sampled_from([columns, columns[::-1], columns[:1], [*columns, columns[0]], ["x"]])
    rows = st.lists(st.lists(cell, min_size=1, max_size=len(columns) + 1), max_size=4)
    return st.builds(
        lambda head, body, end: end.join(map(delimiter.join, [head, *body])).encode(
            "utf-8", "surrogatepass"
        ),
        header,
        rows,
        st.sampled_from(["\n", "\r\n", "\r"]),
    )
