"""Reads an export and prints it as JSON: {"rows": [[…]], "strings": …, "frozen": …, "filter": …}.

    python3 read_export.py csv|xlsx FILE

It shares no code with the program that writes exports: CSV is read by Python's own module, a workbook by
its ZIP and XML alone. Of a workbook it says besides whether every cell is a string, how many rows stay in
sight, and what the filter covers.
"""

import csv
import json
import re
import sys
import xml.etree.ElementTree as ET
import zipfile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {"rows": list(csv.reader(file, strict=True))}


def column(reference):
    number = 0
    for letter in re.match("[A-Z]+", reference)[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def unescape(text):
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def read_xlsx(path):
    rows, strings, frozen, covers, width = [], True, None, None, 0
    with zipfile.ZipFile(path) as book:
        if book.testzip():
            sys.exit("the archive is damaged")
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            shared = ["".join(t.text or "" for t in item.iter(MAIN + "t"))
                      for item in ET.fromstring(book.read("xl/sharedStrings.xml"))]
        with book.open("xl/worksheets/sheet1.xml") as sheet:
            for _, element in ET.iterparse(sheet):
                if element.tag == MAIN + "pane" and element.get("state") == "frozen":
                    frozen = int(element.get("ySplit"))
                elif element.tag == MAIN + "autoFilter":
                    covers = element.get("ref")
                elif element.tag == MAIN + "row":
                    row = []
                    for cell in element.iter(MAIN + "c"):
                        at = column(cell.get("r"))
                        row.extend([""] * (at - len(row)))
                        kind = cell.get("t")
                        if kind == "inlineStr":
                            text = "".join(t.text or "" for t in cell.iter(MAIN + "t"))
                        elif kind == "s":
                            text = shared[int(cell.find(MAIN + "v").text)]
                        else:
                            strings, text = False, cell.findtext(MAIN + "v") or ""
                        if cell.find(MAIN + "f") is not None:
                            strings = False
                        row.append(unescape(text))
                    width = max(width, len(row))
                    rows.append(row)
                    element.clear()
    rows = [row + [""] * (width - len(row)) for row in rows]
    return {"rows": rows, "strings": strings, "frozen": frozen, "filter": covers}


def main():
    kind, path = sys.argv[1:]
    json.dump(read_csv(path) if kind == "csv" else read_xlsx(path), sys.stdout)


if __name__ == "__main__":
    main()
