"""Evaluation: metrics on embeddings, physical metrics on joints, and the evaluators that embed."""
