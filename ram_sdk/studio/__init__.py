"""The studio: one process with the pipeline, an HTTP API and the browser front end.

`app` holds the routes, `schemas` what goes over the wire; `plans` turns requests into calls of the pipeline,
`work` lets them wait and run, `store` keeps results; `files` knows motions as files, `guard` who may ask;
`serving` ends it all in order.
"""
