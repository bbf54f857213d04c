"""KakaoPay single payment, to korea.md 1.2. Stands in for the company: books of its own, and no callbacks at all."""
