"""Solapi (CoolSMS) v4, to korea.md 2.1: texts and Alimtalk, with every check it makes before it takes a message."""
