"""One agency's folder: its settings, and the main job from source files to a sealed release."""
