"""TensorFlow Serving's REST API (https://www.tensorflow.org/tfx/serving/api_rest), over the same models.

A model's tensors go in and come out as its artifact has them; instances that are encoded pictures run the whole
pipeline. Errors are `{"error": "..."}`, as there.
"""
