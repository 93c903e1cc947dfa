"""The checks, counts and speeds by the names that `suite.json` uses."""

from collections.abc import Callable

from training.evaluation.prompt_checks import acrobatics, hands, locomotion, posture, strikes
from training.evaluation.prompt_checks.body import Body

Check = Callable[[Body], bool]

CHECKS: dict[str, Check] = {
    "walk": locomotion.walks,
    "run": locomotion.runs_forward,
    "walk_back": locomotion.walks_back,
    "sidestep_left": locomotion.sidesteps_left,
    "sidestep_right": locomotion.sidesteps_right,
    "walk_straight": locomotion.walks_straight,
    "walk_stop": locomotion.stops,
    "start_walking": locomotion.starts,
    "walk_in_place": locomotion.walks_in_place,
    "turn_left": locomotion.turns_left,
    "turn_right": locomotion.turns_right,
    "turn_left_90": locomotion.turns_left_90,
    "turn_right_90": locomotion.turns_right_90,
    "turn_around": locomotion.turns_around,
    "spin": locomotion.spins,
    "circle": locomotion.circles,
    "circle_left": locomotion.circles_left,
    "circle_right": locomotion.circles_right,
    "snake": locomotion.snakes,
    "figure_eight": locomotion.figure_eight,
    "there_and_back": locomotion.there_and_back,
    "jump": acrobatics.jumps_once_or_more,
    "jump_forward": acrobatics.jumps_forward,
    "hop": acrobatics.hops,
    "jumping_jacks": acrobatics.does_jumping_jacks,
    "roll": acrobatics.rolls,
    "cartwheel": acrobatics.cartwheels,
    "push_up": acrobatics.does_push_ups,
    "stand": posture.stands,
    "sit_down": posture.sits_down,
    "stand_up": posture.stands_up,
    "rise": posture.rises,
    "sit": posture.sits,
    "sit_floor": posture.sits_on_floor,
    "lie_down": posture.lies_down,
    "fall": posture.falls,
    "lie": posture.lies,
    "get_up": posture.gets_up,
    "kneel_down": posture.kneels_down,
    "crouch": posture.crouches,
    "squat": posture.squats,
    "crawl": posture.crawls,
    "bow": posture.bows,
    "bend_down": posture.bends_down,
    "pick_up": posture.picks_up,
    "balance": posture.balances,
    "wave": hands.waves,
    "wave_left": hands.waves_left,
    "wave_right": hands.waves_right,
    "wave_both": hands.waves_both,
    "raise_left": hands.raises_left,
    "raise_right": hands.raises_right,
    "raise_both": hands.raises_both,
    "arms_up": hands.holds_arms_up,
    "clap": hands.claps,
    "point": hands.points,
    "shrug": hands.shrugs,
    "nod": hands.nods,
    "salute": hands.salutes,
    "drink": hands.drinks,
    "phone": hands.phones,
    "hands_on_hips": hands.hands_on_hips,
    "cross_arms": hands.crosses_arms,
    "look_around": hands.looks_around,
    "throw": strikes.throws,
    "swing_both": strikes.swings_both,
    "slash": strikes.slashes,
    "dance": strikes.dances,
    "punch": strikes.punches,
    "punch_left": strikes.punches_left,
    "punch_right": strikes.punches_right,
    "box": strikes.boxes,
    "kick": strikes.kicks,
    "kick_left": strikes.kicks_left,
    "kick_right": strikes.kicks_right,
    "high_kick": strikes.kicks_high,
    "knee_up": strikes.knees_up,
}

COUNTS: dict[str, Callable[[Body], int]] = {
    "jump": acrobatics.jump_count,
    "clap": hands.clap_count,
    "wave": hands.wave_count,
    "step": locomotion.step_count,
    "kick": strikes.kick_count,
    "punch": strikes.punch_count,
    "squat": posture.squat_count,
    "bow": posture.bow_count,
}

SPEEDS: dict[str, Callable[[Body], float]] = {
    "walk": locomotion.walking_speed,
    "turn": locomotion.turning_speed,
    "wave": hands.waving_speed,
    "sit": posture.sitting_speed,
    "bow": posture.bowing_speed,
}


def meaning(name: str) -> str:
    """What a check demands, the first line of its docstring."""
    return (CHECKS[name].__doc__ or "").strip().splitlines()[0]
