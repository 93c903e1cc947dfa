"""The paper's pictures: motions side by side (Figure 3), the user study (Figure 4), and charts of tables."""
