"""How good a model is, how robust, how sure we are of either, and whether the robustness is real."""
