"""Views of what an announcement says, apart from what was measured."""
