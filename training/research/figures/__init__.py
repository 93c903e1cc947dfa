"""The paper's figures: motions side by side (Figure 3), the user study (Figure 4), and charts of tables."""
