"""Files and folders on any file system of PyArrow: finding them, and writing them whole or not at
all."""

from __future__ import annotations

import contextlib
import os
import posixpath
import uuid
from typing import TYPE_CHECKING, NamedTuple

from pyarrow import fs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casr._settings import Path

# What half-written files are called, hidden, until they are whole.
_PART = ".casr-part"

# File systems whose files appear when they are whole, and cannot be renamed.
_STORES = frozenset({"s3", "gcs", "abfs"})
_FSSPEC_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"})


class Place(NamedTuple):
    """A file or folder of a file system."""

    filesystem: fs.FileSystem
    """Where it is."""
    path: str
    """Its name there, without a slash at the end."""

    @classmethod
    def of(cls, name: Path, filesystem: fs.FileSystem | None) -> Place:
        """What a path, or a URI where no file system is given, names. File systems of fsspec will
        do as well.

        Raises:
            ValueError: There is no such kind of URI, or it names nothing.
        """
        text = os.fspath(name)
        if filesystem is not None:
            if not isinstance(filesystem, fs.FileSystem):
                filesystem = fs.PyFileSystem(fs.FSSpecHandler(filesystem))
            path = text
        elif "://" in text:
            filesystem, path = fs.FileSystem.from_uri(text)
        else:
            filesystem, path = fs.LocalFileSystem(), os.path.abspath(text)
        path = path.rstrip("/")
        if not path:
            raise ValueError(f"{text}: name a folder or file in it")
        return cls(filesystem, path)

    def __str__(self) -> str:
        return self.path

    @property
    def name(self) -> str:
        """The last part of its path."""
        return posixpath.basename(self.path)

    def inside(self, name: str) -> Place:
        """What has this name, or relative path, in this folder."""
        return Place(self.filesystem, f"{self.path}/{name}")

    @property
    def parent(self) -> Place:
        """The folder that it is in."""
        return Place(self.filesystem, posixpath.dirname(self.path))

    def beside(self, name: str) -> Place:
        """What has this name in the same folder."""
        return Place(self.filesystem, posixpath.join(posixpath.dirname(self.path), name))

    def contains(self, other: Place) -> bool:
        """Whether another one lies in this one, or is the same."""
        same = self.filesystem == other.filesystem
        return same and f"{other.path}/".startswith(f"{self.path}/")

    @property
    def local(self) -> str | None:
        """Its path on this machine's disks, if it is there."""
        filesystem, path = self
        while isinstance(filesystem, fs.SubTreeFileSystem):
            path = posixpath.join(filesystem.base_path, path.lstrip("/"))
            filesystem = filesystem.base_fs
        return path if isinstance(filesystem, fs.LocalFileSystem) else None

    def info(self) -> fs.FileInfo:
        """What is there."""
        return self.filesystem.get_file_info(self.path)

    def exists(self) -> bool:
        """Whether there is anything."""
        return bool(self.info().type != fs.FileType.NotFound)

    def read(self) -> bytes:
        """The file's content."""
        with self.filesystem.open_input_stream(self.path, compression=None) as stream:
            return bytes(stream.readall())

    def files(self) -> dict[str, fs.FileInfo]:
        """All files in this folder and the folders in it, by their paths from here; none where
        there is no such folder. On a disk links to folders, which are not followed, are told as
        folders, and links to nothing as what is not there."""
        start = len(self.path) + 1
        local = self.local
        if local is None:
            selector = fs.FileSelector(self.path, allow_not_found=True, recursive=True)
            found = self.filesystem.get_file_info(selector)
            return {info.path[start:]: info for info in found if info.is_file}
        paths = []
        for folder, folders, files in os.walk(local):
            within = os.path.relpath(folder, local).replace(os.sep, "/")
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            paths += [posixpath.normpath(f"{within}/{name}") for name in (*files, *links)]
        found = self.filesystem.get_file_info([self.inside(path).path for path in paths])
        return dict(zip(paths, found, strict=True))

    def make_folder(self) -> None:
        """Makes this folder and those above it; in a bucket there is nothing to make."""
        if not self._is_store():
            self.filesystem.create_dir(self.path, recursive=True)

    def write(self, content: bytes) -> None:
        """Writes the file, which appears whole or not at all, and replaces what is there. On a
        disk of this machine it is safe from a power cut when this returns."""
        if self._is_store():
            with self.filesystem.open_output_stream(self.path, compression=None) as stream:
                stream.write(content)
            return
        self.parent.make_folder()
        part = self.beside(f".{uuid.uuid4().hex}{_PART}")
        try:
            local = part.local
            if local is None:
                with part.filesystem.open_output_stream(part.path, compression=None) as stream:
                    stream.write(content)
            else:
                with open(local, "xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            self.filesystem.move(part.path, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.filesystem.delete_file(part.path)
            raise

    def remove(self) -> None:
        """Removes a folder, if it is there."""
        if self.info().type == fs.FileType.Directory:
            self.filesystem.delete_dir(self.path)

    def remove_parts(self, files: dict[str, fs.FileInfo]) -> None:
        """Removes what killed runs have left half-written of this folder's ``files``."""
        for path in [path for path in files if is_part(path)]:
            with contextlib.suppress(OSError):
                self.filesystem.delete_file(self.inside(path).path)
            del files[path]

    def _is_store(self) -> bool:
        filesystem = self.filesystem
        while isinstance(filesystem, fs.SubTreeFileSystem):
            filesystem = filesystem.base_fs
        if not isinstance(filesystem, fs.PyFileSystem):
            return filesystem.type_name in _STORES
        protocol = getattr(getattr(filesystem.handler, "fs", None), "protocol", ())
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        return not names.isdisjoint(_FSSPEC_STORES)


def is_part(path: str) -> bool:
    """Whether a file is a half-written one."""
    name = posixpath.basename(path)
    return name.startswith(".") and name.endswith(_PART)


class Image(NamedTuple):
    """A file that a search has found."""

    path: str
    """Its path from the folder that was searched."""
    info: fs.FileInfo
    """Its size and time."""
    problem: str | None
    """Why it is not enlarged."""


def search(source: Place, leave: Place | None = None) -> Iterator[Image]:
    """The images in a folder and the folders in it, in order, as ``casr upscale --recursive``
    chooses them: without hidden files, results of earlier runs, and what lies in ``leave``. Or the
    file itself.

    Raises:
        FileNotFoundError: There is nothing.
    """
    from casr import _casr

    info = source.info()
    if info.type == fs.FileType.NotFound:
        raise FileNotFoundError(2, "there is no such file or folder", str(source))
    if info.is_file:
        yield Image(source.name, info, None)
        return
    found = _walk(source, leave)
    for path, info in sorted(found, key=lambda file: file[0].split("/")):
        named = _casr.named(path)
        if info.type == fs.FileType.Directory:
            yield Image(path, info, "links to folders are not followed; name the folder itself")
        elif named is not None and info.type == fs.FileType.NotFound:
            yield Image(path, info, "it is a link to nothing")
        elif named == "foreign":
            problem = "CASR does not read such files; convert it to TIFF or PNG first"
            yield Image(path, info, problem)
        elif named == "image" and info.is_file:
            yield Image(path, info, None)


def _walk(source: Place, leave: Place | None) -> list[tuple[str, fs.FileInfo]]:
    """All files that a search looks at, by their paths from there."""
    files = source.files()
    results = {posixpath.dirname(path) for path in files
               if posixpath.basename(path) in ("info.json", "work.json")}
    results |= {f"{path[:-4]}_files" for path in files if path.endswith(".dzi")}
    # What is named on its own is searched, whatever it holds.
    results.discard("")
    if leave is not None and source.contains(leave):
        results.add(leave.path[len(source.path) + 1 :])
    found = []
    for path, info in files.items():
        parts = path.split("/")
        folders = {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}
        hidden = any(part.startswith(".") for part in parts)
        if not hidden and results.isdisjoint(folders):
            found.append((path, info))
    return found
