"""What an app writes to read statements: the same lines as in the README."""

from pathlib import Path

from polybroker import ImportOptions, import_statements

folder = Path(__file__).parent
files = [folder / "amp_cqg" / "orders.xlsx", folder / "generic_csv" / "executions.csv"]
result = import_statements(files, options=ImportOptions(timezone="America/Chicago"))
for fill in result.executions.iter_rows(named=True):
    print(fill["timestamp"], fill["contract"], fill["status"], fill["quantity"], fill["price"])
print(result.totals("fifo"))
assert not result.report.problems, result.report.problems
