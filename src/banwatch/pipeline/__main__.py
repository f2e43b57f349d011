"""`python -m banwatch.pipeline`: a worker process, started by `workers`, that reads its standard input."""

import sys

from banwatch.pipeline.workers import work_until_the_end


class WithoutPandas:
    """Finder by which pandas is not there: pyarrow loads it, for 0.5 s, to see that a tuple is no Series."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Refuse pandas, and leave all else to other finders."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


if __name__ == "__main__":
    sys.meta_path.insert(0, WithoutPandas)
    work_until_the_end()
