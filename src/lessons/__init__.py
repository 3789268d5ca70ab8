"""The library behind the lessons: one module for each step of training a model."""
