"""`python -m banwatch.pipeline`: a worker process, started by `workers`, that reads its standard input."""

from banwatch.pipeline.workers import work_until_the_end

if __name__ == "__main__":
    work_until_the_end()
