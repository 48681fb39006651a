"""Sensitive numbers taken out of what people write, before anything is stored or sent on.

One recogniser for each kind, each with its pattern, its check digit where the standard has one, and the words that
must stand near a number that has none.
"""

from bot.masking.mask import Masked, mask, mask_form, without_digits

__all__ = ["Masked", "mask", "mask_form", "without_digits"]
