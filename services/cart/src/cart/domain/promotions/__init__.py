"""Promotions: what they ask for, what they give, and in which order they are looked at.

The one order of evaluation. Discounts come first: highest priority first, of equal ones the older. Each sees what the
ones before it have left of the lines, its minimum too. Then shipping: the mall's fee and threshold, then free delivery,
then the surcharge for far places. Then gifts. Shipping and gifts look at goods after all discounts. Inside each of the
three an exclusive promotion counts only if none counted before it, and none counts after it.
"""
