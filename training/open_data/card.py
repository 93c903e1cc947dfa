"""The data card: contents, statistics and terms of use of a built set."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from training import markdown
from training.open_data.captures import CaptureFile
from training.open_data.origins import origins
from training.open_data.sources import MIX_TERMS, MIXES, SOURCES

Record = Mapping[str, Any]  # what `build` writes for each capture

_ABOUT = """# Open motion-text data set, mix `{mix}`

{clips} clips ({hours:.2f} hours) and their mirrored copies, cut from {captures} captures and authored
takes, in HumanML3D's layout: 22 joints on HumanML3D's uniform skeleton, 20 fps, 263 features a frame; and
{composed} clips ({composed_hours:.2f} hours) composed from those of the training split. {captions} captions,
not counting those of mirrored copies. Built by `python -m training prepare open --mix {mix}`; the statistics
below were measured during the build.

**Terms of use.** {terms}

`clips.json` gives the source, file, part, licence and credit of every clip. `Mean.npy` and `Std.npy` are the
statistics of the training split.
"""

_FETCHED = """`python -m training prepare fetch` downloads what the owners publish and verifies it: each part
is named by address, by commit where there is one, and by one digest over its files. People's sentences
(KIT-ML's and HumanML3D's, matched to these captures) cannot be fetched this way; a set that is built without
them has the other captions only.
"""
_AUTHORED = """These clips are not captured: contributors to this project wrote them as keyframes of hands,
feet, trunk and head (`training/open_data/authored`). Inverse kinematics and a synthetic sway animate them,
and each take has a random speed, size, repetition count and side. They cover everyday actions that are rare
or missing in the captures, and they are included in the clips and actions of the other sections. All of them
are in the training split: they do not represent real motion.
"""
_COMPOSED = """Made from the captured clips of the training split and their mirrored copies. In `clips.json`,
such a clip has `composed`, its kind, and `sources`: clip, first frame and one past the last of each part. All
passed the same quality checks: bone lengths within 1 mm, no joint more than 3 cm below the floor, at most
10 % more foot sliding than in the sources, no joint that moves more than 10 cm a frame at a seam unless one
does so in a source, and captions that the motion does not contradict.
"""
_KINDS = {
    "then": "two or three clips joined",
    "while": "arms of one clip on the legs of another",
    "along": "walks and runs bent along curves",
    "tempo": "slower or faster, 0.7 to 1.4 times",
    "count": "one to six jumps, waves, kicks, punches, claps, squats or steps",
    "held": "standing before, after, or both",
}

_NOTES = """## Limitations

- Most captions are hand-written wordings of the clip's action, filled in and checked by measurements; nobody
  reviewed each clip. Human-written sentences about other captures were assigned to clips by rules, and a few
  percent of them fit badly. Part-of-speech tags come from a short word list.
- The wordings that are held out as a test come from the same author as those for training: both were written
  apart, but other people's own words will be understood less often.
- With 22 joints, wrists, ankles and head have no rotation of their own; hands and faces are missing.
- Steps, ladders and furniture that performers used are not part of the data: bodies rest on unseen objects.
- Distances after retargeting compare joints after legs, trunk, shoulders, arms and neck have each been scaled
  to the uniform skeleton. With one scale for the whole body, they include the difference in proportions:
  for equal leg lengths, torsos in Bandai-Namco's files are 12 cm shorter than the uniform skeleton's.
"""


def data_card(
    mix: str,
    files: Sequence[CaptureFile],
    records: Sequence[Record],
    composed: Sequence[Record],
    captions: Mapping[str, Sequence[str]],
) -> str:
    """Write the card as Markdown.

    Args:
        mix: a key of `MIXES`.
        files: all captures found, including excluded ones.
        records: one for each used capture.
        composed: one for each part of the composed clips.
        captions: sentences by clip id, without mirrored copies.
    """
    clips = [clip for record in records for clip in record["clips"]]
    made = [clip for record in composed for clip in record["clips"]]
    about = _ABOUT.format(
        mix=mix,
        composed=len(made),
        composed_hours=sum(map(_seconds, made)) / 3600,
        clips=len(clips),
        hours=sum(map(_seconds, clips)) / 3600,
        captures=len(records),
        captions=sum(map(len, captions.values())),
        terms=MIX_TERMS[mix],
    )
    by_source = {
        name: [record for record in records if record["source"] == name]
        for name in MIXES[mix]
        if any(record["source"] == name for record in records)
    }
    return "\n".join(
        (
            about,
            _source_section(by_source),
            origin_section(by_source),
            _flow_section(files, by_source),
            _quality_section(by_source),
            _authored_section(by_source.get("authored", ())),
            _composed_section(composed),
            _action_section(clips),
            _caption_section(captions, records),
            _split_section(clips),
            _NOTES,
        )
    )


def _seconds(clip: Mapping[str, Any]) -> float:
    return float(clip["end_seconds"] - clip["start_seconds"])


def _source_section(by_source: Mapping[str, Sequence[Record]]) -> str:
    rows = []
    for name, records in by_source.items():
        clips = [clip for record in records for clip in record["clips"]]
        hours = f"{sum(map(_seconds, clips)) / 3600:.2f}"
        rows.append((f"{SOURCES[name].title} (`{name}`)", SOURCES[name].license, len(clips), hours))
    credits = "".join(f"- {credit}\n" for credit in dict.fromkeys(SOURCES[name].credit for name in by_source))
    table = markdown.table(("source", "licence", "clips", "hours"), rows)
    return f"## Sources and credits\n\n{table}\nRequired credits:\n\n{credits}"


def origin_section(by_source: Mapping[str, Sequence[Record]]) -> str:
    """What `prepare fetch` brings of the sources, in hours of clips, and where the owners keep them."""
    rows = []
    sums = [0.0, 0.0]
    for name, records in by_source.items():
        origin = origins().get(name)  # None for what is authored in this project
        hours = [
            sum(_seconds(clip) for record in some for clip in record["clips"]) / 3600
            for some in ([r for r in records if origin is None or origin.brings(r["file"])], records)
        ]
        sums = [total + more for total, more in zip(sums, hours, strict=True)]
        note, kept_at = (origin.note, origin.kept_at) if origin else ("", "this project")
        rows.append((f"`{name}`", f"{hours[0]:.2f} of {hours[1]:.2f}", note, kept_at))
    rows.append(("all", f"{sums[0]:.2f} of {sums[1]:.2f}", "", ""))
    table = markdown.table(("source", "hours that can be fetched", "remarks", "kept at"), rows)
    return f"## Where the captures are kept\n\n{_FETCHED}\n{table}"


def _flow_section(files: Sequence[CaptureFile], by_source: Mapping[str, Sequence[Record]]) -> str:
    """Captures in, clips out, seconds dropped by reason."""
    reasons = sorted(
        {reason for records in by_source.values() for r in records for reason in r["dropped_seconds"]}
    )
    rows = []
    for name, records in by_source.items():
        found = [file for file in files if file.source == name]
        dropped: Counter[str] = Counter()
        for record in records:
            dropped.update(record["dropped_seconds"])
        clips = [clip for record in records for clip in record["clips"]]
        rows.append(
            (
                name,
                len(found),
                sum(bool(file.excluded) for file in found),
                sum(not record["clips"] for record in records),
                len(clips),
                f"{sum(record['seconds'] for record in records):.0f}",
                f"{sum(map(_seconds, clips)):.0f}",
                *(f"{dropped[reason]:.0f}" for reason in reasons),
            )
        )
    head = ("source", "captures", "excluded", "without a clip", "clips", "s in", "s kept")
    table = markdown.table((*head, *(f"s dropped: {reason}" for reason in reasons)), rows)
    unused = Counter((file.source, file.excluded) for file in files if file.excluded)
    listed = "".join(
        f"- {source}: {count} ({reason})\n" for (source, reason), count in sorted(unused.items())
    )
    rest = "The last frame of each clip is neither kept nor dropped; it is only used for the velocities."
    return f"## From captures to clips\n\n{table}\n{rest}\n\nExcluded captures:\n\n{listed or '- none'}"


def _quality_section(by_source: Mapping[str, Sequence[Record]]) -> str:
    rows = []
    for name, records in by_source.items():
        quality = [record["quality"] for record in records]
        contacts = max(sum(q["contacts"] for q in quality), 1)
        before = sum(q["captured_sliding"] * q["contacts"] for q in quality) / contacts
        after = sum(q["sliding"] * q["contacts"] for q in quality) / contacts
        rows.append(
            (
                name,
                f"{sum(q['distance'] for q in quality) / len(quality) * 100:.1f}",
                f"{max(q['distance'] for q in quality) * 100:.1f}",
                f"{sum(q['one_scale_distance'] for q in quality) / len(quality) * 100:.1f}",
                f"{before * 100:.1f}",
                f"{after * 100:.1f}",
                f"{(after / before - 1) * 100 if before else 0:+.1f} %",
            )
        )
    table = markdown.table(
        (
            "source",
            "distance, cm",
            "worst capture",
            "with one scale",
            "toe sliding as captured, cm/s",
            "retargeted",
            "change",
        ),
        rows,
    )
    text = "Mean distance between captured and retargeted joints, and horizontal speed of planted toes."
    return f"## Retargeting\n\n{text}\n\n{table}"


def _action_section(clips: Sequence[Mapping[str, Any]]) -> str:
    actions: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        actions[clip["action"]].append(_seconds(clip))
    ordered = sorted(actions.items(), key=lambda item: (-sum(item[1]), item[0]))
    rows = [(action, len(seconds), f"{sum(seconds) / 60:.1f}") for action, seconds in ordered]
    return f"## Actions\n\n{markdown.table(('action', 'clips', 'minutes'), rows)}"


def _authored_section(records: Sequence[Record]) -> str:
    """Clips and minutes of each authored action."""
    actions: dict[str, list[float]] = defaultdict(list)
    for clip in (clip for record in records for clip in record["clips"]):
        actions[clip["action"]].append(_seconds(clip))
    rows = [(name, len(seconds), f"{sum(seconds) / 60:.1f}") for name, seconds in sorted(actions.items())]
    return f"## Authored motion\n\n{_AUTHORED}\n{markdown.table(('action', 'clips', 'minutes'), rows)}"


def _composed_section(composed: Sequence[Record]) -> str:
    """Clips and hours by kind, and rejected drafts by reason."""
    rows = []
    reasons: dict[str, Counter[str]] = {}
    for kind in dict.fromkeys(record["kind"] for record in composed):
        records = [record for record in composed if record["kind"] == kind]
        clips = [clip for record in records for clip in record["clips"]]
        rejected = reasons.setdefault(kind, Counter())
        for record in records:
            rejected.update(record["rejected"])
        hours = f"{sum(map(_seconds, clips)) / 3600:.2f}"
        rows.append((kind, _KINDS[kind], len(clips), hours, str(sum(rejected.values()))))
    clips = [clip for record in composed for clip in record["clips"]]
    rows.append(("all", "", len(clips), f"{sum(map(_seconds, clips)) / 3600:.2f}", ""))
    listed = "".join(
        f"- {kind}: {', '.join(f'{reason} {count}' for reason, count in rejected.most_common())}\n"
        for kind, rejected in reasons.items()
        if rejected
    )
    table = markdown.table(("kind", "description", "clips", "hours", "rejected drafts"), rows)
    return f"## Composed motion\n\n{_COMPOSED}\n{table}\nRejected drafts by reason:\n\n{listed or '- none'}"


def _caption_section(captions: Mapping[str, Sequence[str]], records: Sequence[Record]) -> str:
    people: Counter[str] = Counter()
    for record in records:
        people.update(record["people_captions"])
    counts = [len(sentences) for sentences in captions.values()]
    uses = Counter(sentence for sentences in captions.values() for sentence in set(sentences))
    words = [len(sentence.split()) for sentences in captions.values() for sentence in sentences]
    vocabulary = {word for sentence in uses for word in sentence.split()}
    sentence, most = min(uses.items(), key=lambda item: (-item[1], item[0]))
    rows = (
        ("captions per clip", f"{min(counts)} to {max(counts)}, mean {sum(counts) / len(counts):.1f}"),
        ("words per caption", f"{min(words)} to {max(words)}, mean {sum(words) / len(words):.1f}"),
        ("human-written sentences about the clip's own capture", people["about this capture"]),
        ("human-written sentences about other captures", people["about other captures"]),
        ("unique captions", len(uses)),
        ("unique words", len(vocabulary)),
        ("most used caption", f"{sentence!r}: {most / len(captions) * 100:.2f} % of the clips"),
    )
    return f"## Captions\n\nNot counting mirrored copies.\n\n{markdown.table(('', ''), rows)}"


def _split_section(clips: Sequence[Mapping[str, Any]]) -> str:
    split_clips: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        split_clips[clip["split"]].append(_seconds(clip))
    rows = [
        (split, len(seconds), f"{len(seconds) / len(clips) * 100:.1f} %", f"{sum(seconds) / 3600:.2f}")
        for split, seconds in sorted(split_clips.items())
    ]
    table = markdown.table(("split", "clips", "share", "hours"), rows)
    rule = "By captured trial: all clips of a trial, and their mirrored copies, are in the same split."
    return f"## Splits\n\n{rule}\n\n{table}"
