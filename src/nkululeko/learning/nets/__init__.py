"""What the neural nets share: options, device, tensors, layers, training."""
