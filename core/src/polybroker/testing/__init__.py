"""The contract suite, and what plugin authors need to run it.

With the extras `statements` and `testing` installed, against any installed plugin::

    pytest --pyargs polybroker.testing.contract --polybroker acme

* `testkit`: what a plugin tells the suite: sample files, instruments, deviations. All of it is optional.
* `contract`: the laws, one function each. They are never imported into a plugin, so nobody can silence one.
* `strategies`: Hypothesis strategies for the vocabulary, for a plugin's own tests.
* `laws`, `subject`, `specimen`: the laws as data, the broker under test, a sample file on the bench.
"""
