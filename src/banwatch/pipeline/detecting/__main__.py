"""Worker process of detection; `finders` starts it and talks to it over pipes."""

from banwatch.pipeline.detecting.finders import work_until_the_end

if __name__ == "__main__":
    work_until_the_end()
