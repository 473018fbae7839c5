#!/usr/bin/env python3
"""Reads what html-validate found, as JSON, and tells each kind once, with how often it stands where: pages are many.

Fails when anything is left. Two kinds are none, and its settings cannot say so:
- The console's menu stands twice on a page, of which the stylesheet shows one, for wide and for narrow windows, so no
  reader meets two landmarks of that name; a checker of HTML alone sees both.
- Hidden fields that send a list share a name, as boxes do.
"""

import collections
import json
import sys


MENUS = ("html > body > div > header > div > nav", "html > body > div > header > details > nav")
LISTS = ('Duplicate form control name "shown"', 'Duplicate form control name "notice"')


def is_none(found):
    return (found["ruleId"] == "unique-landmark" and found["selector"] in MENUS) or (
        found["ruleId"] == "form-dup-name" and found["message"] in LISTS)


def main():
    kinds, pages = collections.Counter(), collections.defaultdict(set)
    for page in json.load(sys.stdin):
        for found in page["messages"]:
            if not is_none(found):
                kind = (found["ruleId"], found["message"], found["selector"] or f"line {found['line']}")
                kinds[kind] += 1
                pages[kind].add(page["filePath"])
    for (rule, message, where), count in kinds.most_common():
        print(f"{count} times {rule}: {message}, at {where}; such as {min(pages[(rule, message, where)])}")
    sys.exit(f"html-validate: {len(kinds)} kinds of findings" if kinds else 0)


if __name__ == "__main__":
    main()
