"""The paper's tables and figures, and studies of guidance."""
