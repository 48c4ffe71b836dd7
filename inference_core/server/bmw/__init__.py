"""The routes that BMW's TensorFlow Inference API for CPU and GPU has and Satchel's own API has not.

Their names, fields and shapes are those of `src/main/start.py` in BMW-InnovationLab/BMW-TensorFlow-Inference-API-CPU
and -GPU. Errors are not: they have a status of their own and Satchel's one shape, where BMW's answer is 200.
"""
