"""Result of checking the proof in a picture."""

from pathlib import Path

from banwatch.cli.views.json_lines import print_json
from banwatch.model.errors import BanwatchError, WireError
from banwatch.pages.figures.proof import describe, verify_picture_untrusted
from banwatch.pages.wording import words


def show_picture(path: Path, *, as_json: bool) -> bool:
    """Check a picture, print what was found, and return whether picture and data are as they were made.

    Raises:
        BanwatchError: the file cannot be read, or is no picture with a proof.
    """
    try:
        found = verify_picture_untrusted(path.read_bytes())
    except OSError as error:
        raise BanwatchError(
            f"{path} cannot be read: {error.strerror or error}", "Give a file that exists."
        ) from error
    except WireError as error:
        raise BanwatchError(f"{path}: {error.reason}", "Take the picture from its page again.") from error
    if as_json:
        print_json(
            {
                "picture_unaltered": found.picture_unaltered,
                "data_unaltered": found.data_unaltered,
                "facts": found.facts,
            }
        )
    else:
        for line in describe(found):
            print(words.visible(line, 1_000))
    return found.consistent
