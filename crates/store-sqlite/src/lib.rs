//! The embedded engine: SQLite with a writer thread, group commit and short-lived readers.
