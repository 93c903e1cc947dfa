"""Several prompts in one motion: a list, a timeline with a gesture, a continuation and a replaced part."""

from ram_sdk import RAMPipeline, Segment, Timeline

pipe = RAMPipeline.from_pretrained()

motion = pipe.compose(["a person walks forward", "sits down", "stands up"], duration=[3, 2.5, 2.5], seed=1)
motion.save("walk_sit_stand.png")

timeline = Timeline(
    (
        Segment("a person walks forward", 0, 4),
        Segment("waves with the right hand", 1, 3.5, part="right arm"),
        Segment("sits down", 4, 7),
    )
)
timeline.save("timeline.yaml")  # ram-sdk compose timeline.yaml -o motion.glb
pipe.compose(timeline, seed=1).save("walk_and_wave.png")

pipe.compose([motion, "walks away"], duration=[None, 4], seed=1).save("continued.png")
pipe.compose([motion[:50], "jumps", motion[100:]], duration=[None, 2.5, None], seed=1).save("replaced.png")
