"""A report as one HTML file: its parts, and how they are written."""
