import polars as pl
import svy
from common import FOLDER, GIVEN, best, done

df = pl.read_parquet(FOLDER / "data.parquet")
goal = {m: {int(k): v for k, v in t.items()} for m, t in GIVEN["targets"].items()}


def work():
    sample = svy.Sample(df, svy.Design(wgt="w", stratum="h", psu="psu"))
    sample = sample.weighting.create_bs_wgts(500, rep_prefix="bs", rstate=1)
    sample = sample.weighting.rake(controls=goal, tol=GIVEN["tolerance"], max_iter=1000)
    return sample.estimation.mean("y", method="replication")


out, figures = best(work, 1)
frame = out.to_polars()
value = next(c for c in frame.columns if c in ("est", "estimate"))
done([frame[value][0], frame["se"][0]], figures)
