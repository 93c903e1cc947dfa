"""`Motion`: one clip of human motion, and its file formats."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ram_sdk import formats
from ram_sdk.clip import Clip
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.formats.write_options import RootMotion

if TYPE_CHECKING:
    from ram_sdk.characters import RetargetedMotion
    from ram_sdk.characters.hands import HandPose


class Motion(Clip):
    """A clip of human motion as joint positions.

    Its arrays cannot be written to: edits return a new motion, and `motion.joints.copy()` is yours to change.

    Attributes:
        joints: `(frames, joints, 3)` float32 positions in metres, Y up, facing +Z at frame 0, +X to the
            body's left; 22 joints as in HumanML3D or 21 as in KIT-ML (millimetres there).
        fps: frames a second; by default those of the skeleton's data set, 20 for 22 joints, 12.5 for 21.
        prompt: the text that the motion was made from, if any.
        settings: how it was made (seed, steps, guidance scales, checkpoint), if it was generated.
        generated_features: the feature vectors that the joints were decoded from, if they were.

    Raises:
        ValueError: a shape that is not a clip of a known skeleton, NaN or infinite positions, or a frame
            rate that is not positive.
    """

    def _repr_html_(self) -> str:
        """The 3D player, for notebooks."""
        from ram_sdk.formats import html

        return html.frame([self])

    def retarget(
        self,
        character: str | os.PathLike[str],
        *,
        root: RootMotion = "hips",
        hands: "HandPose" = "relaxed",
        person: int | str | None = None,
        skeleton: Mapping[str, str] | None = None,
    ) -> "RetargetedMotion":
        """The motion on your own character, to be saved as its file with this animation as the first.

        Bones are found by their role, in any naming, unit, axes and A- or T-pose; mesh, skin, materials,
        proportions and the rest of the file stay as they are. Limbs point where the motion's point; travel
        over the floor scales with leg length, and feet stand where the motion's stand.

        Args:
            character: a `.glb`, `.vrm` or `.bvh` file.
            root: what carries the motion over the floor: "hips", "ground", a bone at ground level above the
                hips (the file's own, or a new one called "root"), or nothing, "in_place".
            hands: pose of the fingers, if there are any: "relaxed", "flat" or "fist".
            person: which of several bodies in the file: a number from 1, or the beginning of its root's name.
            skeleton: names of the file's joints by role, for those that are not found; see
                `ram_sdk.skeleton.roles.ROLES`.

        Warns:
            UserWarning: something about the file was assumed.

        Raises:
            ValueError: no body that can be posed is in the file, or an option is not allowed.
            OSError: the file cannot be read.
        """
        from ram_sdk import characters

        given = characters.load_character(character, ReadOptions(person=person, skeleton=skeleton))
        name = self.prompt or "Motion"
        return characters.retarget(given, self.pose.tensors, self.fps, name, root, hands)

    def save(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Write the motion; the suffix selects the format and the file is complete or not there at all.

        Args:
            path: a file name ending in one of `ram_sdk.formats.WRITABLE`; folders that do not exist are made.
            **options: of that format, see its class in `ram_sdk.formats.write_options`.

        Returns:
            The path written.

        Raises:
            TypeError: an option that the format does not have.
            ValueError: unknown suffix, or an option's value that is not allowed.
            OSError: the place cannot be written.
            MissingPackageError: the format needs a program or a package that is not installed.
        """
        return formats.write(self, path, **options)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        up: str | None = None,
        fps: float | None = None,
        person: int | str | None = None,
        skeleton: Mapping[str, str] | None = None,
    ) -> Self:
        """Read a motion from a file ending in one of `ram_sdk.formats.READABLE`.

        The options say what a file does not, or override what it says; without them the file decides.

        Args:
            path: the file.
            up: axis that points up, "x", "y", "z", "-x", "-y" or "-z".
            fps: the file's frames a second; to change them afterwards there is `resample`.
            person: which of several people in a BVH file: a number from 1, or the beginning of the root
                joint's name.
            skeleton: names of a BVH file's joints by role, such as `{"left_hip": "Bone.003"}`, in place of
                those that are found; the roles are `ram_sdk.skeleton.roles.ROLES`.

        Warns:
            UserWarning: something about the file was assumed.

        Raises:
            ValueError: unknown suffix, a file that holds no motion, or options that do not fit it.
            OSError: the file cannot be read.
        """
        clip = formats.read(path, ReadOptions(up, fps, person, skeleton))
        return cls(clip.joints, clip.fps, clip.prompt, clip.settings, clip.generated_features)
