"""LibreOffice reads the workbooks of the unit test report/test_report, calculates every formula anew
and saves them: each cell has the value that it had. (Skipped where LibreOffice is not installed.)
"""
import pathlib
import re
import shutil
import subprocess

import openpyxl
import pytest

from test_report_workbook import BOOKS, build_dir, value_of

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder with what LibreOffice made of all of them."""
    if shutil.which("soffice") is None:
        pytest.skip("not installed: libreoffice-calc")
    folder = tmp_path_factory.mktemp("libreoffice")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE)
    books = [pathlib.Path(build_dir(), name) for name in BOOKS]
    subprocess.run(["soffice", "--headless", f"-env:UserInstallation=file://{profile}",
                    "--convert-to", "xlsx", "--outdir", folder / "out", *books],
                   check=True, capture_output=True, timeout=600)
    return folder / "out"


def cells_of(path, read=value_of):
    book = openpyxl.load_workbook(path, data_only=True)
    return {(sheet.title, cell.coordinate): read(cell)
            for sheet in book for row in sheet.iter_rows() for cell in row
            if cell.value is not None}


def as_written(cell):
    """LibreOffice reads Excel's escapes, and does not write them."""
    return re.sub("\ufffd+", "\ufffd", cell.value) if isinstance(cell.value, str) else cell.value


@pytest.mark.parametrize("name", BOOKS)
def test_libreoffice_gives_every_cell_the_value_it_has(saved, name):
    ours = cells_of(pathlib.Path(build_dir(), name))
    theirs = cells_of(saved / name, as_written)
    assert ours.keys() == theirs.keys()
    for place, value in ours.items():
        if isinstance(value, float):
            assert theirs[place] == pytest.approx(value, abs=1e-12), place
        else:
            assert theirs[place] == value, place


@pytest.mark.parametrize("name", BOOKS)
def test_libreoffice_keeps_colours_charts_and_formulas(saved, name):
    ours, theirs = (openpyxl.load_workbook(folder / name)
                    for folder in (pathlib.Path(build_dir()), saved))
    assert ours.sheetnames == theirs.sheetnames
    for one, other in zip(ours, theirs):
        assert len(one._charts) == len(other._charts), one.title
        colours = [sum(len(found.rules) for found in sheet.conditional_formatting)
                   for sheet in (one, other)]
        assert (colours[0] == 0) == (colours[1] == 0), one.title
        formulas = [[cell.coordinate for row in sheet.iter_rows() for cell in row
                     if cell.data_type == "f"] for sheet in (one, other)]
        assert formulas[0] == formulas[1]
