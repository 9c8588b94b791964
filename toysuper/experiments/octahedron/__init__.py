"""The experiment octahedron."""
