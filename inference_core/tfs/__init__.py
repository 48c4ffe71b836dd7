"""TensorFlow Serving's protocol, as whoever serves and whoever calls share it. TensorFlow itself is not needed."""
