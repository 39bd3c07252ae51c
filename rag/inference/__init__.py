"""Model folders, ONNX graphs and the session that runs them, for embedders and readers alike."""
