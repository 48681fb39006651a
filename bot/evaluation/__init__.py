"""How well texts are understood: labels compared with what readers decided, counted, and reported."""
