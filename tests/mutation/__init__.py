"""`make mutation`: do the domain's tests notice when the domain is changed?

The changes (mutants) are mutmut's. They are judged by a session of pytest that has collected the
tests once: each mutant is a fork of it in which one function has the mutant's code. mutmut's own
run asks at every call of every function which mutant is on, which makes these tests, that call the
domain a million times, six times slower.

`workshop` makes the mutants in a copy of the repository, `session` is the pytest that runs there,
`judge` lets the tests look at one mutant, `report` counts.
"""
