"""The changes that a command can make to a motion, in the order in which they are made."""

from dataclasses import dataclass

from ram_sdk.motion import Motion


@dataclass(frozen=True)
class Changes:
    """Changes to a motion; by default there are none.

    Attributes:
        trim: cut dead time at the ends.
        mirror: swap left and right.
        speed: factor; 2 takes half the time.
        loop: how often the motion's cycle is repeated.
        fps: frame rate to resample to.
        smooth: frequency, in Hz, above which jitter is reduced.
        lock_feet: stop planted feet from sliding.
    """

    trim: bool = False
    mirror: bool = False
    speed: float | None = None
    loop: int | None = None
    fps: float | None = None
    smooth: float | None = None
    lock_feet: bool = False

    def apply(self, motion: Motion) -> Motion:
        """The changed motion.

        Raises:
            ValueError: a change that cannot be made to this motion; the message says why.
        """
        if self.trim:
            motion = motion.trim()
        if self.mirror:
            motion = motion.mirror()
        if self.speed is not None:
            motion = motion.speed(self.speed)
        if self.loop is not None:
            motion = motion.loop(self.loop)
        if self.fps is not None:
            motion = motion.resample(self.fps)
        if self.smooth is not None:
            motion = motion.smooth(self.smooth)
        if self.lock_feet:
            motion = motion.lock_feet()
        return motion
