"""`robustlab pretrain`: encoders on unlabelled text, at several scales."""
