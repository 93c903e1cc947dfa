"""Which action a clip shows, by its source's own words: for balance, for statistics and contact sheets."""

import re

from training.open_data.clip import ClipInfo

# The first action one of whose patterns is in "file take label" is taken. Words of the sources, not captions.
_ACTIONS: tuple[tuple[str, str], ...] = (
    ("lie down", r"\blie\b|to ?lie|lie ?to|lie ?down|lying|sleeping|death"),
    ("crawl", r"crawl"),
    ("roll", r"(?<!body )\broll\b|dive over|cartwheel|cart wheel|backflip|back ?flip|somersault|handspring"),
    (
        "martial arts",
        r"empi|heian|syutou|oiduki|mawashi|yokogeri|karate|\bform\b|martial|capoeira|sword|extended|bounce",
    ),
    ("kick", r"kick|roundhouse|crescent"),
    (
        "punch",
        r"punch|\bjabs?\b|jab(left|right)|hook|uppercut|cross ?(left|right)|backfist|boxing|fighting|strike|"
        r"\bblock|dodge|\bduck|advance|retreat|defend",
    ),
    ("jumping jack", r"jumping ?jack"),
    ("hop", r"\bhops?\b|hop ?both|skipping|\bskip"),
    ("jump", r"jump|leap|13_(11|13|19|32|39|40|41|42)"),
    ("dance", r"danc|salsa|ballet|pirouette|arabesque|jete|charleston|twirl|94_|\b49_(09|1\d|2[12])"),
    ("climb", r"climb|ladder|playground|\b13_3[3-8]"),
    ("run back", r"run ?back"),
    ("run and turn", r"(run|jog)\w*[ /,-]*(jog)?[ ,-]*(veer|turn|left|right|90)|turn.*\brun"),
    ("run", r"\brun|runs?\b|running|jog|sprint|dash"),
    ("sneak", r"sneak|stealth"),
    ("sidestep", r"side ?step|sidestep|walk-(left|right)|sideways"),
    ("walk back", r"walk[ -]?back|backwards"),
    ("walk and turn", r"walk[ ,-]*(turn|veer|left|right|around|trun|90)|\bturn|\b69_"),
    ("walk", r"walk|stride|stroll|march"),
    ("wave", r"wave|\bbye|greet"),
    ("raise hand", r"raise|reach|hand up"),
    ("throw", r"throw|toss|\bpitch|basketball|soccer|\bball\b"),
    ("pick up", r"pick|lift|box|put ?down|deposit|grab|carry|\bbend over"),
    ("push and pull", r"push(?!-?up)|pull"),
    ("exercise", r"squat|push-?up|exercise|stretch|elbow|rotate ?arms|side twist|jack"),
    ("golf", r"golf|\b64_"),
    ("sit", r"\bsit|sitting|kneel|meditate|driving"),
    ("crouch", r"crouch"),
    ("clean", r"mop|sweep|wash|clean|window|scrub|vacuum|paint"),
    ("eat and drink", r"drink|\b13_0[789]|eat\b|eating|soup|cook|pour|consume"),
    ("gesture", r"point|direct|\bnod|talk|gesture|clap|reject|victory|angry|confused|call|respond|guide|bow"),
    ("swim and fly", r"swim|fly|levitate"),
    ("animal", r"animal|\bdog\b|monkey|bear|chicken|elephant|mouse|penguin|cat\b|\(human subject\)"),
    ("stand", r"stand|idle|sway|swing|look|balance|stance|ready"),
)  # fmt: skip


def action_of(clip: ClipInfo) -> str:
    """The clip's action: the content for Bandai-Namco's files, one of a short list for the others."""
    if clip.source == "bandai-namco":
        return clip.file.split("_")[1].replace("-", " ")
    words = re.sub(
        r"(?<=[a-z])(?=[A-Z])",
        " ",
        f"{clip.source} {clip.file} {clip.take} {clip.label}".replace("_Loop", ""),
    )
    text = re.sub(r"[_ ]+", " ", words).lower()
    trial = clip.file.lower()
    for action, pattern in _ACTIONS:
        if re.search(pattern, text) or re.search(pattern, trial):
            return action
    return "other"
