"""From weights and numbers to a model card, a model repository, a data repository, a Space and ONNX."""
