"""The `tingsu` command: one file for each subcommand."""
