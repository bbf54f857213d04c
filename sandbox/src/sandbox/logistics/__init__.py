"""Logistics, to korea.md 3: a centre whose job works through the mall's API, a centre that only answers, a carrier."""
