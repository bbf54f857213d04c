"""The outside world on one machine: a payment provider, a messaging provider, logistics centres and a carrier.

It stands in for companies, so it knows nothing of the services: it neither imports them nor `common`, and whatever it
gets wrong it gets wrong by itself.
"""
