#!/usr/bin/env python3
"""Makes this folder's data again from the full collection: python3 copy.py [FOLDER], by default ../../../shared/reference."""

import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "../../../shared/reference").resolve()

# Positions, cells and gradients are kept where a test reads them: one potential for each set of configurations.
ALWAYS = ["name", "n", "energy", "site_energies", "forces", "plus_stress_3x3"]
WITH_STRUCTURE = ["G_L08_S1", "G_L08_S2", "G_L08_S3"]
WITH_GRADIENT = ["G_L08_S2"]
GRADES = ["L08_S2_nbh.almtp", "L08_S2_cfg.als", "in_S2.cfg", "train_S2.cfg"]


def compact(source: Path, target: Path) -> None:
    data = json.loads(source.read_text())
    keys = list(ALWAYS)
    if source.stem in WITH_STRUCTURE:
        keys += ["types", "lattice", "pos"]
    if source.stem in WITH_GRADIENT:
        keys += ["energy_grad_wrt_coeffs"]
    configurations = [{key: c[key] for key in keys} for c in data["cfgs"]]
    rows = ",\n".join(json.dumps(c, separators=(",", ":")) for c in configurations)
    target.write_text(f'{{"program":{json.dumps(data["program"].split(" (")[0])},"cfgs":[\n{rows}\n]}}\n')


def main() -> None:
    for folder in ["potentials", "configs", "expected", "grades", "training"]:
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    for path in sorted((SOURCE / "potentials").glob("*.mtp")):
        shutil.copyfile(path, HERE / "potentials" / path.name)
    for path in sorted((SOURCE / "configs").glob("*.cfg")):
        shutil.copyfile(path, HERE / "configs" / path.name)
    for path in sorted((SOURCE / "expected").glob("*.json")):
        compact(path, HERE / "expected" / path.name)
    for name in GRADES:
        shutil.copyfile(SOURCE / "grades" / name, HERE / "grades" / name)
    for path in sorted((SOURCE / "grades").glob("*.json")):
        data = json.loads(path.read_text())["cfgs"]
        rows = ",\n".join(json.dumps(c, separators=(",", ":")) for c in data)
        (HERE / "grades" / path.name).write_text(f'{{"cfgs":[\n{rows}\n]}}\n')
    for path in [*(SOURCE / "training").glob("*.json"), SOURCE / "training/db_S2.cfg", *(SOURCE / "training").glob("*.txt")]:
        shutil.copyfile(path, HERE / "training" / path.name)


main()
