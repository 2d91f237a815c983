"""How fast is it, and how much memory does it need? `make bench` writes docs/performance.md."""
