"""The study of drops on GLUE: pre-training at several scales, its controls, and robust fine-tuning on top of them."""
