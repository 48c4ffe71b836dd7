"""The page for trying a model in a browser, and the API's description, both from files of this server alone."""
