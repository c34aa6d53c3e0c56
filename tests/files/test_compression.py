"""Compressed files are read to their last byte, or refused."""

import bz2
import gzip
import io
import lzma
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.files.compression import DAMAGE, decompress

COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
SUFFIXES = sorted(COMPRESS)


def damaged(data):
    """Change a byte in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".txt", bytes)],
)
def test_compressed_streams_are_opened_by_suffix(suffix, compress):
    assert decompress(io.BytesIO(compress(b"peace")), suffix).read() == b"peace"


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python reads it")
def test_what_this_python_cannot_decompress_is_refused():
    with pytest.raises(InputError, match=r"^is \.zst, which needs Python 3\.14; decompress it"):
        decompress(io.BytesIO(b"\x28"), ".zst")


@pytest.mark.skipif(sys.version_info < (3, 14), reason="this Python does not read it")
def test_zst_is_decompressed():
    from compression import zstd

    assert decompress(io.BytesIO(zstd.compress(b"peace")), ".zst").read() == b"peace"


@given(suffix=st.sampled_from(SUFFIXES), parts=st.lists(st.binary(max_size=300), min_size=1))
def test_all_members_are_read_one_behind_the_other(suffix, parts):
    data = b"".join(map(COMPRESS[suffix], parts))
    assert decompress(io.BytesIO(data), suffix).read() == b"".join(parts)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("size", [100, 100_000])
def test_a_damaged_member_is_never_passed_over(suffix, size):
    compress = COMPRESS[suffix]
    noise = bytes(n * n % 251 for n in range(size))
    data = compress(b"one") + damaged(compress(noise)) + compress(b"three")
    with pytest.raises((*DAMAGE, OSError)):
        decompress(io.BytesIO(data), suffix).read()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_cut_off_is_damaged(suffix):
    whole = COMPRESS[suffix](b"peace " * 100)
    for data in (whole[:-3], whole + whole[:12]):
        with pytest.raises(DAMAGE):
            decompress(io.BytesIO(data), suffix).read()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_zeros_behind_a_member_are_padding(suffix):
    data = COMPRESS[suffix](b"peace")
    padded = data + bytes(200_000)
    assert decompress(io.BytesIO(padded + data + bytes(4)), suffix).read() == b"peacepeace"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_no_compressed_one(suffix):
    with pytest.raises(InputError, match=r"^is empty, which no compressed file is; fetch or make"):
        decompress(io.BytesIO(b""), suffix)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_it_can_be_read_again_from_the_beginning(suffix):
    stream = decompress(io.BytesIO(COMPRESS[suffix](b"peace " * 50_000)), suffix)
    first = stream.read(100)
    stream.read(150_000)
    assert stream.seek(0) == 0
    assert stream.read(100) == first


@pytest.mark.parametrize("suffix", [".bz2", ".xz"])
def test_it_cannot_be_read_from_elsewhere(suffix):
    stream = decompress(io.BytesIO(COMPRESS[suffix](b"peace " * 50_000)), suffix)
    with pytest.raises(io.UnsupportedOperation, match="only to the beginning"):
        stream.seek(200_000)
