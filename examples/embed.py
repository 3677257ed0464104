"""What an app writes to read statements; the README shows the same lines."""

from pathlib import Path

from polybroker import ImportOptions, ParseOptions, import_statements

folder = Path(__file__).parent
files = [folder / "amp_cqg" / "orders.xlsx", folder / "generic_csv" / "executions.csv"]
options = ImportOptions(parse=ParseOptions(timezone="America/Chicago"))
result = import_statements(files, options=options)
assert not result.report.problems
for fill in result.to_json()["executions"]:
    print(fill["timestamp"], fill["contract"], fill["status"], fill["quantity"], fill["price"])
for total in result.trades_json()["totals"]:
    print(total)
