"""The seed of what tests throw: KONTOR_SEED, or one that stays, so that what passed once passes again. `./check --long` sets a new one."""
import os

SEED = int(os.environ.get("KONTOR_SEED", "20261127"))
