"""Remote mode: the model runs at a service, reached over its protocol; everything before and after it stays the same.

opening -> predictors -> balancer -> endpoint -> connection (oip_http, oip_grpc, tfs_http, tfs_grpc)
"""
