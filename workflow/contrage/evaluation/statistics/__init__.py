"""The formulas behind the tables: errors, intervals, comparisons."""
