"""The thin HTTP client for what ``huggingface_hub`` has no call for."""
