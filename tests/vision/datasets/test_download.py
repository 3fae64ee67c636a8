"""Downloading from a server that is not always well."""

import hashlib
import sys
from urllib.error import HTTPError, URLError

import pytest

from tidu.vision.datasets import download
from tidu.vision.datasets.download import DownloadError, PlainProgress, fetch
from tidu.vision.datasets.utils import check_integrity, download_url

CONTENT = bytes(range(256)) * 1000
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "file.bin"


def left_over(target):
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def test_a_file_arrives_whole(server, target):
    server.files["/file.bin"] = CONTENT
    fetch(f"{server.url}/file.bin", target, MD5)
    assert target.read_bytes() == CONTENT
    assert left_over(target) == []
    assert server.requests == [("/file.bin", 0)]


@pytest.mark.parametrize("failures", [[503], [500, 502, 429]])
def test_what_may_pass_is_tried_again(server, target, failures):
    server.files["/file.bin"] = CONTENT
    server.failures += failures
    fetch(f"{server.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == len(failures) + 1


@pytest.mark.parametrize("code", [403, 404, 410])
def test_what_will_not_pass_is_not_tried_again(server, target, code):
    server.failures.append(code)
    with pytest.raises(HTTPError) as caught:
        fetch(f"{server.url}/file.bin", target)
    assert caught.value.code == code
    assert len(server.requests) == 1
    assert not target.exists()


def test_it_gives_up_in_the_end(server, target):
    server.failures += [503] * 9
    with pytest.raises(HTTPError):
        fetch(f"{server.url}/file.bin", target)
    assert len(server.requests) == download.RETRIES + 1


def test_a_broken_connection_goes_on_where_it_stopped(server, target):
    server.files["/file.bin"] = CONTENT
    # More often than RETRIES: each time something arrived.
    server.cut_at += [70_000, 1, 50_000, 1, 1, 1]
    fetch(f"{server.url}/file.bin", target, MD5)
    assert target.read_bytes() == CONTENT
    starts = [start for _, start in server.requests]
    assert starts == [0, 70_000, 70_001, 120_001, 120_002, 120_003, 120_004]


def test_a_later_call_goes_on_where_the_earlier_stopped(server, target):
    server.files["/file.bin"] = CONTENT
    target.with_name("file.bin.part").write_bytes(CONTENT[:100_000])
    fetch(f"{server.url}/file.bin", target, MD5)
    assert target.read_bytes() == CONTENT
    assert server.requests == [("/file.bin", 100_000)]


def test_without_a_checksum_an_old_part_is_not_trusted(server, target):
    server.files["/file.bin"] = CONTENT
    target.with_name("file.bin.part").write_bytes(b"another file")
    fetch(f"{server.url}/file.bin", target)
    assert target.read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_again(server, target):
    server.files["/file.bin"] = CONTENT
    server.ranges = False
    target.with_name("file.bin.part").write_bytes(CONTENT[:100_000])
    fetch(f"{server.url}/file.bin", target, MD5)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(CONTENT, id="complete"),
        pytest.param(b"x" * 1000, id="of another file"),
        pytest.param(b"x" * len(CONTENT), id="of another file as long"),
        pytest.param(CONTENT + b"x", id="too long"),
    ],
)
def test_parts_of_every_kind(server, target, part):
    server.files["/file.bin"] = CONTENT
    target.with_name("file.bin.part").write_bytes(part)
    fetch(f"{server.url}/file.bin", target, MD5)
    assert target.read_bytes() == CONTENT
    assert left_over(target) == []


def test_a_wrong_checksum_leaves_nothing(server, target):
    server.files["/file.bin"] = CONTENT[:-1]
    with pytest.raises(RuntimeError) as caught:
        fetch(f"{server.url}/file.bin", target, MD5)
    assert str(caught.value) == "File not found or corrupted."
    assert MD5 in caught.value.__notes__[0]
    assert list(target.parent.iterdir()) == []


def test_no_server_is_an_error_after_a_few_tries(server, target):
    server.close()
    with pytest.raises(URLError, match="refused"):
        fetch(f"{server.url}/file.bin", target)
    assert not target.exists()


def test_an_existing_file_stays_until_the_new_one_is_whole(server, target):
    target.write_bytes(b"old")
    server.files["/file.bin"] = b"corrupted"
    with pytest.raises(RuntimeError):
        fetch(f"{server.url}/file.bin", target, MD5)
    assert target.read_bytes() == b"old"


def test_download_url_leaves_alone_what_is_intact(server, tmp_path):
    server.files["/a/file.bin"] = CONTENT
    for _ in range(2):
        download_url(f"{server.url}/a/file.bin", tmp_path / "new", md5=MD5)
    assert check_integrity(tmp_path / "new" / "file.bin", MD5)
    assert len(server.requests) == 1


def test_a_download_error_is_whatever_torchvision_raises():
    error = DownloadError("all failed")
    assert isinstance(error, URLError)
    assert isinstance(error, RuntimeError)
    assert str(error) == "all failed"


def test_progress_without_tqdm(server, target, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    server.files["/file.bin"] = CONTENT
    fetch(f"{server.url}/file.bin", target, MD5)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[-1].startswith("file.bin: 100% of 0.3 MB, ")
    assert len(lines) <= 11


def test_progress_on_a_terminal_rewrites_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with PlainProgress("a.gz", total=4_000_000, start=1_000_000) as bar:
        bar.update(1_000_000)
    printed = capsys.readouterr().err
    assert printed.startswith("\ra.gz:  50% of 4.0 MB, ")
    assert printed.count("\n") == 1


def test_progress_of_unknown_length(capsys):
    with PlainProgress("a.gz", total=None) as bar:
        bar.update(2_000_000)
    assert capsys.readouterr().err.startswith("a.gz: 2.0 MB, ")
