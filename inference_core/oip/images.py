"""Encoded pictures over the protocol, as Satchel and what it exports to Triton and MLServer have them."""

IMAGE_INPUT = "image"
"""The input of encoded pictures: BYTES [N] or [N, 1]."""
IMAGE_OUTPUT = "result"
"""The output: BYTES in the input's shape, for each picture the JSON of its result, or of its error."""
ERRORS_INSIDE = "errors_inside"
"""The parameter that makes the error of a single picture its element, as among several, instead of the request's."""
