"""Evaluation: metrics of embeddings, physical measures of joints, and the evaluators that embed."""
