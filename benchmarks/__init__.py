"""What is measured, against what, with one command each. Nothing here is imported by the pipeline."""
