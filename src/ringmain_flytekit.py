"""What `import flytekit` loads by itself: our tasks' connectors, or a line in the log.

It stands outside the package, because flytekit loads it for everybody and without a guard: whatever is missing or
broken here must not stop the import.
"""

try:
    import ringmain.hosts.flyte.inside.batch.connector
    import ringmain.hosts.flyte.inside.connector  # noqa: F401
except Exception as error:
    import logging

    logging.getLogger("ringmain").warning("ringmain's connector for Flyte could not be loaded: %s", error)
