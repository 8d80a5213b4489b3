"""From a picture to faces with scores; from a video or a folder to many."""
