"""Toss Payments v1, to korea.md 1.1. Stands in for the company: has its own books and callbacks."""
