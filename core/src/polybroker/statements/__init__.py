"""From a broker's export file to normalized executions."""
