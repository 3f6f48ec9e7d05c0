"""The recruiting tables, a file per family. Code names them through `jobs.recruiting.schema`."""
