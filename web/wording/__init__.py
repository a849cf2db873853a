"""The words of the house: what a phase, an event and a next step are called on screens.

Sentences have a subject and a time. Nothing is "successfully" done, nobody is blamed.
"""
