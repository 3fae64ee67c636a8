"""Unpacking, also of archives that mean harm."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile

import pytest

from tidu.vision.datasets.archives import extract_archive

FILES = {"folder/a.txt": b"first", "folder/deep/b.txt": b"second", "c.txt": b""}


def make_tar(path, mode="w", members=None):
    with tarfile.open(path, mode) as tar:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info in members or ():
            tar.addfile(info, io.BytesIO(b"x" * info.size))
    return path


def make_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("empty")
        for name, content in FILES.items():
            archive.writestr(name, content)
    return path


def content_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("x.tar", make_tar),
        ("x.tar.gz", lambda path: make_tar(path, "w:gz")),
        ("x.tgz", lambda path: make_tar(path, "w:gz")),
        ("x.tar.bz2", lambda path: make_tar(path, "w:bz2")),
        ("x.tar.xz", lambda path: make_tar(path, "w:xz")),
        ("x.1.tar.gz", lambda path: make_tar(path, "w:gz")),
        ("x.zip", make_zip),
    ],
)
def test_archives(tmp_path, name, make):
    target = tmp_path / "new"
    assert extract_archive(make(tmp_path / name), target) == target
    assert content_of(target) == FILES


@pytest.mark.parametrize(("suffix", "module"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_single_files(tmp_path, suffix, module):
    source = tmp_path / f"images-idx{suffix}"
    source.write_bytes(module.compress(b"content"))
    assert extract_archive(str(source), remove_finished=True) == str(tmp_path / "images-idx")
    assert content_of(tmp_path) == {"images-idx": b"content"}


def test_what_is_there_is_replaced_and_the_rest_kept(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_bytes(b"old")
    (tmp_path / "folder" / "mine.txt").write_bytes(b"mine")
    make_tar(tmp_path / "x.tar")
    extract_archive(tmp_path / "x.tar", remove_finished=True)
    assert content_of(tmp_path) == {**FILES, "folder/mine.txt": b"mine"}


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


HARMFUL = [
    pytest.param(member("../outside.txt"), "points outside", id="parent"),
    pytest.param(member("folder/../../outside.txt"), "points outside", id="parent further down"),
    pytest.param(member("/tmp/outside.txt"), "points outside", id="absolute"),
    pytest.param(member("..\\outside.txt"), "points outside", id="backslash"),
    pytest.param(member("link", tarfile.SYMTYPE, "/etc"), "is a link or a device", id="symlink"),
    pytest.param(member("l", tarfile.LNKTYPE, "c.txt"), "is a link or a device", id="hard link"),
    pytest.param(member("pipe", tarfile.FIFOTYPE), "is a link or a device", id="pipe"),
    pytest.param(member("null", tarfile.CHRTYPE), "is a link or a device", id="device"),
]


@pytest.mark.parametrize(("harmful", "reason"), HARMFUL)
def test_a_harmful_tar_is_refused_whole(tmp_path, harmful, reason):
    target = tmp_path / "target"
    make_tar(tmp_path / "x.tar", members=[harmful])
    with pytest.raises(RuntimeError, match="is not safe to unpack") as caught:
        extract_archive(tmp_path / "x.tar", target)
    assert reason in str(caught.value)
    assert list(target.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["target", "x.tar"]


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "a/../../outside.txt"])
def test_a_harmful_zip_is_refused_whole(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("fine.txt", b"")
        archive.writestr(name, b"")
    with pytest.raises(RuntimeError, match="points outside"):
        extract_archive(tmp_path / "x.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_a_link_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(RuntimeError, match="is a link or a device"):
        extract_archive(tmp_path / "x.zip")


def test_a_truncated_archive_leaves_nothing(tmp_path):
    whole = make_tar(tmp_path / "whole.tar.gz", "w:gz").read_bytes()
    broken = tmp_path / "x.tar.gz"
    broken.write_bytes(whole[: len(whole) // 2])
    with pytest.raises((EOFError, tarfile.ReadError)):
        extract_archive(broken, tmp_path / "target")
    assert list((tmp_path / "target").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("file", "File 'file' has no suffixes that could be used to detect the archive type"),
        ("file.rar", "Unknown compression or archive type: '.rar'."),
    ],
)
def test_unknown_kinds(tmp_path, name, message):
    with pytest.raises(RuntimeError) as caught:
        extract_archive(tmp_path / name)
    assert str(caught.value).startswith(message)
