"""`robustlab glue-drop`: what an attack takes of models that are fine-tuned on GLUE's tasks."""
