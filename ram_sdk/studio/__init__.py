"""The studio: one process with the pipeline, an HTTP API and the browser front end.

`app` holds the routes, `schemas` what goes over the wire; `plans` turns requests into calls of the pipeline,
`work` queues and runs them, `store` keeps results; `files` reads and writes motions, `guard` checks
requests; `serving` shuts down in order.
"""
