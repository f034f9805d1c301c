"""The contract of import-linter that keeps I/O where a file's name says so."""

from typing import cast, override

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class CoreContract(Contract):
    """In `folders` only files called one of `shells` reach `forbidden_modules`, however indirectly.

    A new file is core unless its name says otherwise: no list has it.
    Source: https://import-linter.readthedocs.io/en/stable/custom_contract_types/
    """

    folders = fields.ListField(subfield=fields.StringField())
    shells = fields.ListField(subfield=fields.StringField())
    forbidden_modules = fields.ListField(subfield=fields.StringField())

    @override
    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find each core file that reaches what is forbidden, and the imports by which it does."""
        # On an instance these are the values; their types are those of the class's fields.
        given = (self.folders, self.shells, self.forbidden_modules)
        folders, shells, outside = (cast("list[str]", one) for one in given)
        core = {
            name
            for folder in folders
            for name in (folder, *graph.find_descendants(folder))
            if name.rpartition(".")[2] not in shells
        }
        chains = [
            chain
            for forbidden in outside
            if forbidden in graph.modules
            for name in sorted(core & graph.find_downstream_modules(forbidden))
            if (chain := graph.find_shortest_chain(importer=name, imported=forbidden)) is not None
        ]
        return ContractCheck(kept=not chains, metadata={"chains": chains})

    @override
    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each chain of imports."""
        for chain in check.metadata["chains"]:
            output.print_error(" -> ".join(chain), bold=False)
