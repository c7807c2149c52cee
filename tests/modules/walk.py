"""Random walks: steps drawn by weight, each done or refused, and looks at whether all still holds."""
import random
import sys
from collections import defaultdict

from dice import SEED
from kontor import KontorError

REFUSALS = ("rule", "validation", "state")


def arguments(steps):
    """[steps [seed]] [word ..] of the command line: how many steps, the dice, and the words. The seed is told, and repeats a walk."""
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    seed = numbers[1] if len(numbers) > 1 else SEED
    print(f"seed {seed}", flush=True)
    return numbers[0] if numbers else steps, random.Random(seed), [a for a in sys.argv[1:] if not a.isdigit()]


def walk(dice, count, steps, look, looks=20):
    """Takes `count` of steps {step: weight}. The dice ask for what cannot be: that is refused, and told why. Returns how often each
    kind of step was done, by name."""
    done, refused = defaultdict(int), defaultdict(int)
    for n in range(count):
        step = dice.choices(list(steps), list(steps.values()))[0]
        try:
            step()
            done[step.__name__] += 1
        except KontorError as error:
            assert error.kind in REFUSALS, f"step {n}, {step.__name__}: {error}"
            refused[step.__name__] += 1
        except (IndexError, ValueError):  # there is nothing to do it to
            refused[step.__name__] += 1
        if n % max(1, count // looks) == 0:
            look()
    look()
    print("done   ", dict(done), "\nrefused", dict(refused))
    return done
