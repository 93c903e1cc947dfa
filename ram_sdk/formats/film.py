"""`.mp4`: the motion as an H.264 video, through ffmpeg, which runs in a process of its own.

ffmpeg is the one of the package imageio-ffmpeg (a GPL build) or else the one on the PATH.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ram_sdk.clip import Clip
from ram_sdk.formats import MissingPackageError
from ram_sdk.formats.write_options import Options, PictureOptions

try:
    from PIL import Image

    from ram_sdk import render
except ImportError as error:
    raise MissingPackageError.because(error, "films need Pillow", "preview") from error


def check_installed(options: Options) -> None:
    """Raise MissingPackageError if there is no ffmpeg."""
    _ffmpeg()


def write(motion: Clip, path: Path, options: PictureOptions) -> None:
    """Write the motion at its own speed and frame rate."""
    caption = motion.prompt if options.caption is None else options.caption
    mesh = motion.to_mesh() if options.body == "mesh" else None
    even = options.size + options.size % 2  # H.264 with ordinary colour subsampling
    write_mp4(render.film(motion, caption=caption, size=even, fps=motion.fps, mesh=mesh), path, motion.fps)


def write_mp4(pictures: Iterable[Image.Image], path: Path, fps: float) -> None:
    """Write pictures of one size, even numbers of pixels wide and high.

    Raises:
        MissingPackageError: there is no ffmpeg.
        OSError: ffmpeg failed, such as on a full disk; the message has its last output.
    """
    images = iter(pictures)
    first = next(images)
    command = [
        _ffmpeg(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{first.width}x{first.height}", "-r", f"{fps:.10g}", "-i", "-",
        "-c:v", "libx264", "-crf", "20", "-preset", "veryfast", "-pix_fmt", "yuv420p", str(path),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as words:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=words) as process:
            assert process.stdin is not None
            try:
                process.stdin.write(np.asarray(first).tobytes())
                for image in images:
                    process.stdin.write(np.asarray(image).tobytes())
                process.stdin.close()
            except BrokenPipeError:
                pass  # ffmpeg has ended; its exit code and output say why
        if process.returncode:
            words.seek(0)
            last = words.read().decode(errors="replace").strip().splitlines()[-1:]
            raise OSError(f"ffmpeg could not write the film: {' '.join(last)}")


def _ffmpeg() -> str:
    try:
        import imageio_ffmpeg
    except ImportError:
        program = shutil.which("ffmpeg")
        if program is None:
            raise MissingPackageError(
                "mp4 needs ffmpeg on the PATH or its package: pip install 'ram_sdk[film]'"
            ) from None
        return program
    return str(imageio_ffmpeg.get_ffmpeg_exe())
