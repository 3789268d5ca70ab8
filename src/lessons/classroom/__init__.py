"""A class at work: notebooks that were handed in are read, tried and counted. No lesson's point.

`python -m lessons.classroom FOLDER`; docs/classroom.md says what it does and what it does not.
"""
