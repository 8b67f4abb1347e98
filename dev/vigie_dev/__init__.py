"""The local stack: a real Kafka, a real Triton, every service, without Docker."""
